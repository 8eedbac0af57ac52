#!/usr/bin/env node
import "../../infra/toolchain/run.mjs";
