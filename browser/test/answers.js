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
import { Recognizer } from "../src/recognize.js";
import { Tracker } from "../src/track.js";

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
const tracker = new Tracker(spec.labels, spec.unsure_below);

const answers = [];
for (const { file, width, height, seconds } of JSON.parse(
  readFileSync(join(pictures, "list.json"), "utf-8"),
)) {
  const picture = { width, height, data: new Uint8Array(readFileSync(join(pictures, file))) };
  const live = seconds !== null;
  const faces = await recognizer.recognize(picture, live);
  answers.push(live ? tracker.update(faces, picture, seconds) : faces);
}
process.stdout.write(JSON.stringify(answers));
