/**
 * What `browser.py` measures in a page: recognisers behind one contract, and one loop over frames.
 *
 * A recogniser takes a canvas and answers its faces: `[{box: [x0, y0, x1, y1], label}]`.
 */

const PACKAGES = "/peers/node_modules";
const WASM = `${PACKAGES}/@tensorflow/tfjs-backend-wasm/dist/`;

/** @param {string} model folder of one of this project's models */
async function ours(model) {
  const { Engine } = await import("/site/src/engine.js");
  const engine = new Engine();
  await engine.open(model);
  return async (canvas, seconds) => {
    const { faces } = await engine.recognize(await createImageBitmap(canvas), seconds);
    return faces.map(({ box, bestGuess }) => ({ box, label: bestGuess }));
  };
}

async function human() {
  const { Human } = await import(`${PACKAGES}/@vladmandic/human/dist/human.esm.js`);
  const off = { enabled: false };
  const found = new Human({
    backend: "wasm",
    wasmPath: WASM,
    modelBasePath: `${PACKAGES}/@vladmandic/human/models/`,
    cacheSensitivity: 0, // every frame is looked at, as by the others
    filter: off, // needs WebGL
    face: { detector: { maxDetected: 20 }, iris: off, description: off },
    body: off,
    hand: off,
    object: off,
    gesture: off,
  });
  await found.load();
  return async (canvas) => {
    const { face } = await found.detect(canvas);
    return face.map(({ box: [x, y, w, h], emotion }) => ({
      box: [x, y, x + w, y + h],
      label: emotion?.[0]?.emotion ?? "",
    }));
  };
}

/** @param {"tiny" | "ssd"} detector */
async function faceApi(detector) {
  const api = await import(`${PACKAGES}/@vladmandic/face-api/dist/face-api.esm.js`);
  api.tf.setWasmPaths(WASM);
  await api.tf.setBackend("wasm");
  await api.tf.ready();
  const tiny = detector === "tiny";
  const models = `${PACKAGES}/@vladmandic/face-api/model`;
  await (tiny ? api.nets.tinyFaceDetector : api.nets.ssdMobilenetv1).loadFromUri(models);
  await api.nets.faceExpressionNet.loadFromUri(models);
  const options = tiny ? new api.TinyFaceDetectorOptions() : new api.SsdMobilenetv1Options();
  return async (canvas) => {
    const found = await api.detectAllFaces(canvas, options).withFaceExpressions();
    return found.map(({ detection: { box }, expressions }) => ({
      box: [box.left, box.top, box.right, box.bottom],
      label: expressions.asSortedArray()[0].expression,
    }));
  };
}

const RECOGNIZERS = { ours, human, "face-api": faceApi };
const SAME = { surprised: "surprise", fearful: "fear", disgusted: "disgust" };
const AWAY = 10; // seconds between two pictures that have nothing to do with each other

/** Milliseconds of the median. */
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** A JPEG or PNG file on a canvas. */
async function picture(address) {
  const bitmap = await createImageBitmap(await (await fetch(address)).blob());
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return canvas;
}

const [name, variant] = new URLSearchParams(location.search).get("with").split(":");
const look = await RECOGNIZERS[name](variant);
let clock = 0;

/** Warm a recogniser up: engines compile what is used often a second time, and better. */
async function warm(canvas, seconds) {
  for (const end = performance.now() + 1000 * seconds; performance.now() < end;) {
    await look(canvas, (clock += 0.05));
  }
}

/** The frames of a clip, in order: the median of a frame's milliseconds, and the faces of each. */
window.clip = async (addresses, rounds, seconds) => {
  const frames = await Promise.all(addresses.map(picture));
  await warm(frames[0], seconds);
  const times = [];
  let faces = [];
  for (let round = 0; round < rounds; round++) {
    clock += AWAY;
    faces = [];
    for (const frame of frames) {
      const started = performance.now();
      const found = await look(frame, (clock += 0.05));
      times.push(performance.now() - started);
      faces.push(found);
    }
  }
  return { milliseconds: median(times), boxes: faces.map((each) => each.map(({ box }) => box)) };
};

/** Pictures that have nothing to do with each other: the faces of each. */
window.pictures = async (addresses) => {
  const answers = [];
  for (const address of addresses) {
    const found = await look(await picture(address), (clock += AWAY));
    answers.push(found.map(({ box, label }) => ({ box, label: SAME[label] ?? label })));
  }
  return answers;
};

await look(await picture("/clips/first.png"), 0);
window.answered = performance.now();
