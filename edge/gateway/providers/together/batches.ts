import { asFields } from "../../json/vendor-json.ts";
import { type FileBatches, openAiBatches } from "../openai-wire/batch-dialect.ts";

/** OpenAI's batches with files of another purpose, and an answer around the job. https://docs.together.ai/docs/inference/batch/overview */
export const togetherBatches: FileBatches = {
  ...openAiBatches,
  surfaces: new Set(["chat"]),
  head: () => ({}),
  upload: {
    path: "/files/upload",
    fields: (name) => ({ purpose: "batch-api", file_name: `${name}.jsonl`, file_type: "jsonl" }),
  },
  order: ({ endpoint }, inputId) => ({ input_file_id: inputId, endpoint }),
  jobOf: (answer) => asFields(asFields(answer)?.["job"]) ?? asFields(answer),
  over: new Set(["COMPLETED", "FAILED", "EXPIRED", "CANCELLED"]),
};
