import {
  armsOf,
  describeBounds,
  describeType,
  isSchemaNode,
  referredName,
  resolveSchema,
  type NamedSchemas,
  type SchemaNode,
} from "./describe-type.ts";

/** Deeper is read in the OpenAPI document; a page that unfolds everything is read by nobody. */
const MAX_TREE_DEPTH = 4;

interface TreeProps {
  readonly schema: SchemaNode;
  readonly named: NamedSchemas;
  readonly depth?: number;
  /** Names above this one: a schema that holds itself is shown once. */
  readonly above?: readonly string[];
}

/** A body's schema as nested lists of fields; nested objects unfold. */
export function SchemaTree({ schema, named, depth = 0, above = [] }: TreeProps) {
  const resolved = resolveSchema(schema, named);
  const properties = resolved["properties"];
  if (!isSchemaNode(properties)) return <Variants schema={resolved} named={named} depth={depth} above={above} />;
  const required = Array.isArray(resolved["required"]) ? resolved["required"] : [];
  return (
    <ul class="tree">
      {Object.entries(properties)
        .filter((entry): entry is [string, SchemaNode] => isSchemaNode(entry[1]))
        .map(([name, member]) => (
          <li>
            <Field name={name} schema={member} named={named} isRequired={required.includes(name)} />
            <Nested schema={member} named={named} depth={depth + 1} above={above} />
          </li>
        ))}
    </ul>
  );
}

interface FieldProps {
  readonly name: string;
  readonly schema: SchemaNode;
  readonly named: NamedSchemas;
  readonly isRequired: boolean;
}

export function Field({ name, schema, named, isRequired }: FieldProps) {
  const bounds = describeBounds(schema);
  const description = schema["description"];
  return (
    <div class="field">
      <code>{name}</code>
      <span class="type">{describeType(schema, named)}</span>
      {isRequired ? <span class="required">required</span> : null}
      {bounds === "" ? null : <span class="bounds">{bounds}</span>}
      {typeof description === "string" ? <p>{description}</p> : null}
    </div>
  );
}

/** What lies inside a field, folded. */
function Nested({ schema, named, depth = 0, above = [] }: TreeProps) {
  const inner = innerSchema(schema, named);
  if (inner === undefined) return null;
  const name = referredName(inner);
  if (depth >= MAX_TREE_DEPTH || (name !== undefined && above.includes(name))) return null;
  const label = name === undefined || name === "JsonValue" ? "fields" : name.replace(/Input$/, "");
  return (
    <details>
      <summary>{label}</summary>
      <SchemaTree schema={inner} named={named} depth={depth} above={name === undefined ? above : [...above, name]} />
    </details>
  );
}

function Variants({ schema, named, depth = 0, above = [] }: TreeProps) {
  const arms = armsOf(schema).filter((arm) => innerSchema(arm, named) !== undefined);
  if (arms.length === 0) return null;
  return (
    <div class="variants">
      {arms.map((arm) => (
        <div>
          <p class="arm">{armTitle(arm, named)}</p>
          <SchemaTree schema={innerSchema(arm, named) ?? arm} named={named} depth={depth} above={above} />
        </div>
      ))}
    </div>
  );
}

/** What tells an arm apart: the value of its constant field, else its type. */
function armTitle(arm: SchemaNode, named: NamedSchemas): string {
  const properties = resolveSchema(arm, named)["properties"];
  const constant = isSchemaNode(properties)
    ? Object.entries(properties).find(([, member]) => isSchemaNode(member) && "const" in member)
    : undefined;
  if (constant === undefined || !isSchemaNode(constant[1])) return describeType(arm, named);
  return `${constant[0]}: ${JSON.stringify(constant[1]["const"])}`;
}

/** The schema under a field that has fields of its own: through arrays, maps and `null` arms. */
function innerSchema(schema: SchemaNode, named: NamedSchemas): SchemaNode | undefined {
  const resolved = resolveSchema(schema, named);
  if (isSchemaNode(resolved["properties"]) && Object.keys(resolved["properties"]).length > 0) return schema;
  if (isSchemaNode(resolved["items"])) return innerSchema(resolved["items"], named);
  if (isSchemaNode(resolved["additionalProperties"])) return innerSchema(resolved["additionalProperties"], named);
  const arms = armsOf(resolved).filter((arm) => innerSchema(arm, named) !== undefined);
  if (arms.length === 0) return undefined;
  const [only] = arms;
  return arms.length === 1 && only !== undefined ? innerSchema(only, named) : schema;
}
