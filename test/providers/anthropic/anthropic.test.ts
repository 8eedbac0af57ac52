import { describeProvider } from "../conformance.ts";
import { anthropicFixture } from "./fixtures.ts";

describeProvider(anthropicFixture);
