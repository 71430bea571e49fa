/**
 * The page: buttons, keys, dropped and pasted files, and the choice of a model.
 *
 * @module
 */

import { showClip } from "./clip.js";
import { Live } from "./live.js";
import { Pictures } from "./pictures.js";
import { at, Stage } from "./stage.js";
import { csv } from "./timeline.js";

const SMALL_MODEL = "fer-nano";
const EMBEDDED = location.search.includes("embedded");
const EXAMPLE = "examples/astronaut.jpg";

const stage = new Stage();
const pictures = new Pictures(stage);
const live = new Live(stage, () => pictures.again(), lighten);

/** @type {{name: string, title: string, note: string}[]} */
let models = [];

/** Name of the model in use, which the menu names a little before it is loaded. */
let used = "";

/** @type {File | undefined} the video that was opened last */
let clip;

async function begin() {
  const listed = fetch("models/models.json");
  const example = await (await fetch(EXAMPLE)).blob();
  pictures.example = new File([example], "Example: Eileen Collins, NASA");
  const picture = await createImageBitmap(example); // a face to look at while the model comes
  stage.paint(picture, picture.width, picture.height);
  ({ models } = await (await listed).json());
  at("model").replaceChildren(...models.map(({ name, title }) => new Option(title, name)));
  await choose(models[0].name);
  stage.hint("Reading the example…");
  // Whoever was faster than the example keeps what they opened.
  if (stage.turn === 0) await pictures.again();
  // Needed offline only, so after the first answer.
  if (!EMBEDDED) await navigator.serviceWorker?.register("sw.js").catch(() => {});
}

/** @param {string} name of a model */
async function choose(name) {
  await stage.open(name);
  used = name;
  at("camera").disabled = false;
  at("model").value = name;
  at("trust").textContent = models.find((model) => model.name === name)?.note ?? "";
}

/**
 * Take the model that the menu names; where it cannot be loaded, the menu goes back to the one in use.
 * @returns whether it was taken
 */
async function change() {
  const [{ value: name, text: title }] = at("model").selectedOptions;
  try {
    await choose(name);
    return true;
  } catch {
    at("model").value = used;
    stage.say(`The model ${title} cannot be loaded; is there a network? The choice is as it was.`);
    return false;
  }
}

async function lighten() {
  const smaller = models.some(({ name }) => name === SMALL_MODEL);
  if (!smaller || used === SMALL_MODEL) return false;
  // Nobody asked for it: where it cannot be loaded, the model in use goes on without a word.
  return choose(SMALL_MODEL).then(
    () => true,
    () => false,
  );
}

/** @param {Iterable<File>} given */
function take(given) {
  const files = [...given];
  const video = files.find(({ type }) => type.startsWith("video/"));
  if (!stage.spec || !files.length || !mayLeave()) return;
  if (video) watch(video);
  else pictures.open(files);
}

/** @param {File} file */
function watch(file) {
  clip = file;
  return showClip(stage, file, () => pictures.again());
}

/** Whether what is on the stage may go: a recording is nowhere else. */
function mayLeave() {
  return !(stage.unsaved || live.recorded) || confirm("Your recording is not saved. Leave it?");
}

function rows() {
  return stage.mode === "picture" ? pictures.rows() : stage.timeline.rows(stage.spec.labels);
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  stage.unsaved = false;
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function table() {
  return csv(rows(), stage.mode === "picture" ? ["file"] : ["time", "face"], stage.spec.labels);
}

function saveJson() {
  const { name, title } = stage.made;
  const made = { model: name, title, detector: "yunet" };
  const text = JSON.stringify({ ...made, faces: rows() }, null, 2);
  download(new Blob([text], { type: "application/json" }), "faces.json");
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else at("stage").requestFullscreen?.();
}

const KEYS = /** @type {Record<string, () => void>} */ ({
  " ": () => {
    if (!at("play").hidden) stage.onPlay();
    else if (stage.spec && stage.mode !== "video") live.toggle();
  },
  r: () => live.toggleRecording(),
  m: () => stage.mode === "camera" && stage.setMirrored(!stage.mirrored),
  f: fullScreen,
  o: () => at("files").click(),
});

/** Seconds that a key moves on the timeline. */
const STEPS = /** @type {Record<string, number>} */ ({
  ArrowLeft: -0.5,
  ArrowRight: 0.5,
  Home: -Infinity,
  End: Infinity,
});

/**
 * Whether what has the focus needs a key itself.
 * @param {KeyboardEvent} event
 */
function taken({ target, key }) {
  if (!(target instanceof Element)) return false;
  const typed = "input, select, textarea, [role=slider]";
  return target.closest(key === " " ? `${typed}, button, a, summary` : typed) !== null;
}

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key] || taken(event)) return;
  event.preventDefault();
  KEYS[event.key]();
}

// The camera's button ends a recording under way, which loses nothing.
at("camera").onclick = () => (live.recorded || mayLeave()) && live.toggle();
at("play").onclick = () => stage.onPlay();
at("full").hidden = !document.fullscreenEnabled; // as on iPhones
at("record").onclick = KEYS.r;
at("mirror").onclick = KEYS.m;
at("full").onclick = fullScreen;
at("open").onclick = KEYS.o;
at("csv").onclick = () => download(new Blob([table()], { type: "text/csv" }), "faces.csv");
at("json").onclick = saveJson;
at("png").onclick = async () => download(await pictures.png(), "faces.png");
at("files").onchange = () => {
  take(at("files").files);
  at("files").value = "";
};
at("model").onchange = async () => {
  const { turn } = stage;
  const files = stage.mode === "picture" ? pictures.shots.map(({ file }) => file) : [];
  at("record").disabled = true; // one model reads a recording
  const changed = await change();
  at("record").disabled = false;
  if (!changed || turn !== stage.turn) return; // something else was begun meanwhile
  if (files.length) pictures.open(files);
  else if (stage.mode === "video" && clip) watch(clip);
};
at("cameras").onchange = () => {
  if (mayLeave()) live.start();
  else at("cameras").value = live.camera.id;
};
stage.timelineCanvas.onpointerdown = (/** @type {PointerEvent} */ event) => stage.scrub(event);
stage.timelineCanvas.onpointermove = (/** @type {PointerEvent} */ event) => {
  if (event.buttons) stage.scrub(event);
};
stage.timelineCanvas.onkeydown = (/** @type {KeyboardEvent} */ event) => {
  const step = STEPS[event.key];
  if (!step) return;
  event.preventDefault(); // of the page's own scrolling
  stage.jump(stage.now + step);
};
stage.video.onclick = () => stage.onPlay();
window.addEventListener("keydown", press);
window.addEventListener("paste", (event) => take(event.clipboardData?.files ?? []));
window.addEventListener("dragover", (event) => {
  event.preventDefault();
  at("drop").hidden = false;
});
window.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) at("drop").hidden = true;
});
window.addEventListener("drop", (event) => {
  event.preventDefault();
  at("drop").hidden = true;
  take(event.dataTransfer?.files ?? []);
});
window.addEventListener("pagehide", () => stage.onLeave());

if (EMBEDDED) {
  document.documentElement.classList.add("embedded");
  // In a tab of the app: nobody is filmed behind another tab.
  new IntersectionObserver(([seen]) => {
    if (!seen.isIntersecting && stage.mode === "camera") live.leave();
  }).observe(document.body);
}
begin().catch(({ message }) => stage.say(`This browser cannot run it (${message}). Try another.`));
