/**
 * The recogniser in a worker of its own, so that the page never stutters.
 *
 * Requests carry an `id`, which the answer repeats; see `engine.js` for the other side.
 *
 * @module
 */

import * as ort from "../runtime/ort.wasm.bundle.min.mjs";
import { Follower } from "./follow.js";
import { Recognizer } from "./recognize.js";

const RUNTIME = new URL("../runtime/ort-wasm-simd-threaded.wasm.gz", import.meta.url);
const DETECTOR = new URL("../runtime/yunet.onnx", import.meta.url);
const MODELS = new URL("../models/", import.meta.url);

/** @type {Promise<import("onnxruntime-web").InferenceSession> | undefined} */
let detector;
/** @type {Map<string, Promise<Recognizer>>} what was opened, by name: chosen again it is there */
const opened = new Map();
/** @type {Recognizer | undefined} */
let recognizer;
/** @type {Follower | undefined} */
let follower;

const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext("2d", { willReadFrequently: true });

const PAPER = "#fff"; // under what is transparent, as `read_image` of Python lays it

/**
 * @param {URL} url
 * @returns {Promise<Response>}
 */
async function load(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} cannot be loaded (${response.status})`);
  return response;
}

/** @param {URL} url */
async function session(url) {
  const bytes = new Uint8Array(await (await load(url)).arrayBuffer());
  return ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
}

async function openRuntime() {
  const packed = (await load(RUNTIME)).body;
  if (!packed) throw new Error("The runtime is empty");
  const unpacked = packed.pipeThrough(new DecompressionStream("gzip"));
  ort.env.wasm.numThreads = 1; // two threads are slower, and need cross-origin isolation
  ort.env.wasm.wasmBinary = await new Response(unpacked).arrayBuffer();
  return session(DETECTOR);
}

/** @param {string} name folder of a model */
async function read(name) {
  detector ??= openRuntime().catch((error) => {
    detector = undefined;
    throw error;
  });
  const folder = new URL(`${name}/`, MODELS);
  const [finder, classifier, spec] = await Promise.all([
    detector,
    detector.then(() => session(new URL("model.onnx", folder))),
    load(new URL("spec.json", folder)).then((response) => response.json()),
  ]);
  return new Recognizer(ort, finder, classifier, spec);
}

/** @param {string} name folder of a model */
async function open(name) {
  if (!opened.has(name)) opened.set(name, read(name));
  try {
    recognizer = await opened.get(name);
  } catch (error) {
    opened.delete(name); // so that the next choice tries again
    throw error;
  }
  follower = undefined;
  return { spec: recognizer?.spec };
}

/**
 * @param {{bitmap: ImageBitmap, seconds: number | null}} request `seconds` of a camera or a video;
 *   `null` for a picture of its own
 */
async function recognize({ bitmap, seconds }) {
  if (!recognizer || !context) throw new Error("No model is open");
  const started = performance.now();
  const { width, height } = bitmap;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.fillStyle = PAPER; // also over the picture before, which would show through
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const picture = context.getImageData(0, 0, width, height);
  const faces =
    seconds === null
      ? await recognizer.recognize(picture)
      : await (follower ??= new Follower(recognizer)).next(picture, seconds);
  return { width, height, faces, milliseconds: performance.now() - started };
}

function forget() {
  follower = undefined;
  return {};
}

self.onmessage = async ({ data: { id, call, ...request } }) => {
  try {
    const answer =
      call === "open"
        ? await open(request.name)
        : call === "recognize"
          ? await recognize(/** @type {{bitmap: ImageBitmap, seconds: number | null}} */ (request))
          : forget();
    self.postMessage({ id, answer });
  } catch (error) {
    self.postMessage({ id, problem: error instanceof Error ? error.message : String(error) });
  }
};
