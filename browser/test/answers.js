/**
 * What the page's code answers for pictures in a folder, as JSON on stdout; `tests/ondevice` compares.
 *
 * node test/answers.js RUNTIME YUNET BUNDLE PICTURES
 * PICTURES/list.json: `[{file, width, height, seconds}]`; each file holds RGBA bytes. A picture with
 * `seconds` is a frame of a video, whose faces are followed.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { Follower } from "../src/follow.js";
import { Recognizer } from "../src/recognize.js";

const [runtime, yunet, bundle, pictures] = process.argv.slice(2);
const ort = await import(pathToFileURL(join(runtime, "ort.wasm.bundle.min.mjs")).href);
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = gunzipSync(readFileSync(join(runtime, "ort-wasm-simd-threaded.wasm.gz")));

const open = (path) => ort.InferenceSession.create(new Uint8Array(readFileSync(path)));
const spec = JSON.parse(readFileSync(join(bundle, "spec.json"), "utf-8"));
const recognizer = new Recognizer(
  ort,
  await open(yunet),
  await open(join(bundle, "model.onnx")),
  spec,
);
const follower = new Follower(recognizer);

const answers = [];
for (const { file, width, height, seconds } of JSON.parse(
  readFileSync(join(pictures, "list.json"), "utf-8"),
)) {
  const picture = { width, height, data: new Uint8Array(readFileSync(join(pictures, file))) };
  answers.push(
    seconds === null ? await recognizer.recognize(picture) : await follower.next(picture, seconds),
  );
}
process.stdout.write(JSON.stringify(answers));
