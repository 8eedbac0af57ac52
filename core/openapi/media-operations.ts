import {
  audioStreamEventSchema,
  imageEditRequestSchema,
  imageGenerationRequestSchema,
  imagesResponseSchema,
  imageStreamEventSchema,
  imageVariationRequestSchema,
  moderationRequestSchema,
  moderationResponseSchema,
  speechRequestSchema,
  transcriptionRequestSchema,
  transcriptionSchema,
  translationRequestSchema,
} from "../contract/index.ts";
import { bodyErrors, targetErrors } from "./inference-errors.ts";
import type { ApiOperation, OperationResponse } from "./operation.ts";

const FORM = "multipart/form-data";
const passed = {
  tag: "Inference",
  method: "post",
  permission: "inference",
  errors: [...bodyErrors, ...targetErrors],
} as const;
const pictures: OperationResponse = {
  status: 200,
  description: "The pictures, as the provider sends them; with `stream: true` its events.",
  body: { schema: imagesResponseSchema },
  stream: { schema: imageStreamEventSchema, example: { type: "image_generation.completed", b64_json: "iVBORw0…" } },
};
const heard: OperationResponse = {
  status: 200,
  description: "What was heard, in the `response_format` that was asked for.",
  body: { schema: transcriptionSchema, example: { text: "Where is my order?" } },
};
const files =
  "The form holds the fields below and the files beside them, 26 MiB together. It reaches the provider as it came, under the target's own name of the model.";

/** Surfaces that pass through to the providers that have them. */
export const mediaOperations: readonly ApiOperation[] = [
  {
    ...passed,
    id: "createModeration",
    path: "/v1/moderations",
    summary: "Judge texts and pictures",
    description: "The categories are the provider's own.",
    request: { schema: moderationRequestSchema, example: { model: "moderation", input: "Where is my order?" } },
    responses: [{ status: 200, description: "One result for each input.", body: { schema: moderationResponseSchema } }],
  },
  {
    ...passed,
    id: "createImage",
    path: "/v1/images/generations",
    summary: "Make pictures from a text",
    request: { schema: imageGenerationRequestSchema, example: { model: "images", prompt: "A mill by a stream" } },
    responses: [pictures],
  },
  {
    ...passed,
    id: "editImage",
    path: "/v1/images/edits",
    summary: "Change pictures by a text",
    description: `${files} The pictures are \`image\` (or \`image[]\`) and \`mask\`.`,
    request: { schema: imageEditRequestSchema, mediaType: FORM },
    responses: [pictures],
  },
  {
    ...passed,
    id: "varyImage",
    path: "/v1/images/variations",
    summary: "Make variations of a picture",
    description: `${files} The picture is \`image\`.`,
    request: { schema: imageVariationRequestSchema, mediaType: FORM },
    responses: [pictures],
  },
  {
    ...passed,
    id: "createSpeech",
    path: "/v1/audio/speech",
    summary: "Speak a text",
    request: {
      schema: speechRequestSchema,
      example: { model: "speech", input: "Your order is on its way.", voice: "alloy" },
    },
    responses: [
      {
        status: 200,
        description: "The sound, as it is made; with `stream_format: sse` the provider's events.",
        mediaType: "audio/mpeg",
        stream: { schema: audioStreamEventSchema, example: { type: "speech.audio.done" } },
      },
    ],
  },
  {
    ...passed,
    id: "createTranscription",
    path: "/v1/audio/transcriptions",
    summary: "Write down what is said",
    description: `${files} The recording is \`file\`.`,
    request: { schema: transcriptionRequestSchema, mediaType: FORM },
    responses: [
      {
        ...heard,
        stream: { schema: audioStreamEventSchema, example: { type: "transcript.text.done", text: "Hello" } },
      },
    ],
  },
  {
    ...passed,
    id: "createTranslation",
    path: "/v1/audio/translations",
    summary: "Write down in English what is said",
    description: `${files} The recording is \`file\`.`,
    request: { schema: translationRequestSchema, mediaType: FORM },
    responses: [heard],
  },
];
