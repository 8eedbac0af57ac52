import { asFields } from "../../json/vendor-json.ts";
import type { FileBatches } from "../openai-wire/batch-dialect.ts";

/** The member of a job's metadata that says whose order it is. */
const NAME = "millrace_batch";

/** Mistral's jobs: one model for all requests, named by the job. https://docs.mistral.ai/capabilities/batch */
export const mistralBatches: FileBatches = {
  surfaces: new Set(["chat"]),
  head: () => ({}),
  modelInOrder: true,
  upload: { path: "/files", fields: () => ({ purpose: "batch" }) },
  jobs: "/batch/jobs",
  list: "/batch/jobs?page_size=100&order_by=-created",
  order: ({ endpoint, model, name }, inputId) => ({
    input_files: [inputId],
    model,
    endpoint,
    metadata: { [NAME]: name },
    timeout_hours: 24,
  }),
  jobOf: asFields,
  over: new Set(["SUCCESS", "FAILED", "TIMEOUT_EXCEEDED", "CANCELLED"]),
  results: ["output_file", "error_file"],
  isOf: (job, { name }) => asFields(job["metadata"])?.[NAME] === name,
};
