/** A form's parts in the order in which they came. */
export type FormParts = readonly (readonly [name: string, value: string | File])[];
