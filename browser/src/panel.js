/**
 * The panel beside the stage: what each face shows, in words and bars.
 *
 * @module
 */

import { colorOf, nameOf, numberOf, percent } from "./draw.js";
import { UNSURE } from "./recognize.js";

/** @typedef {import("./engine.js").ShownFace} ShownFace */

const MOST_FACES = 12;
const SPEAK_EVERY = 2500; // milliseconds

const ADVICE = /** @type {Record<string, string>} */ ({
  small: "The face is small: come closer.",
  dark: "The face is dark: more light would help.",
  blurred: "The picture is blurred: hold still, or clean the lens.",
  turned: "The face is turned away: look at the camera.",
});

const NO_FACE = {
  camera: "No face found. Face the camera, with light on your face.",
  picture: "No face found. If the picture shows nothing but a face, leave some room around it.",
  video: "",
  recording: "",
};

/**
 * What would help, in a sentence; empty where nothing is needed.
 * @param {ShownFace[]} faces
 * @param {import("./stage.js").Mode} mode
 */
export function hintFor(faces, mode) {
  if (!faces.length) return NO_FACE[mode];
  return faces.length === 1 && mode === "camera" ? (ADVICE[faces[0].quality] ?? "") : "";
}

/**
 * Show each face's label and seven bars; elements are kept from frame to frame.
 * @param {HTMLElement} panel
 * @param {ShownFace[]} faces
 * @param {import("./recognize.js").Spec} spec of the model that read them
 */
export function showFaces(panel, faces, spec) {
  const shown = [...faces].sort((a, b) => (a.id ?? 0) - (b.id ?? 0)).slice(0, MOST_FACES);
  while (panel.children.length > shown.length) panel.lastElementChild?.remove();
  while (panel.children.length < shown.length) panel.append(emptyCard(spec.labels));
  shown.forEach((face, i) =>
    fillCard(
      /** @type {HTMLElement} */ (panel.children[i]),
      face,
      numberOf(faces, faces.indexOf(face)),
      spec,
    ),
  );
}

/** @param {string[]} labels */
function emptyCard(labels) {
  const card = document.createElement("div");
  card.className = "face";
  card.innerHTML =
    "<h2><span></span><span></span></h2><p></p>" +
    labels.map(() => '<div class="bar"><span></span><b></b><span></span></div>').join("");
  return card;
}

/**
 * @param {HTMLElement} card
 * @param {ShownFace} face
 * @param {string} number
 * @param {import("./recognize.js").Spec} spec
 */
function fillCard(card, face, number, { labels, unsure_below: limit }) {
  const unsure = face.label === UNSURE;
  card.classList.toggle("unsure", unsure);
  card.style.setProperty("--color", colorOf(face.label));
  const [label, share] = card.querySelectorAll("h2 span");
  label.textContent = number + face.label;
  share.textContent = unsure ? "" : percent(face.confidence);
  /** @type {HTMLElement} */ (card.querySelector("p")).textContent = unsure
    ? (ADVICE[face.quality] ?? guess(face, limit))
    : "";
  card.querySelectorAll(".bar").forEach((bar, i) => {
    const [name, , value] = bar.children;
    name.textContent = labels[i];
    value.textContent = percent(face.probabilities[i]);
    /** @type {HTMLElement} */ (bar).style.setProperty("--color", colorOf(labels[i]));
    /** @type {HTMLElement} */ (bar).style.setProperty("--share", String(face.probabilities[i]));
  });
}

/**
 * The best guess, and why it is not the label: too weak, or too new in a live view.
 * @param {ShownFace} face
 * @param {number} limit
 */
function guess({ bestGuess, confidence }, limit) {
  if (confidence >= limit) return `Changing: ${bestGuess}, ${percent(confidence)} just now.`;
  const digits = Number(percent(confidence) === percent(limit)); // or both would look alike
  const [reached, needed] = [confidence, limit].map((share) => percent(share, digits));
  return `Best guess: ${bestGuess}, ${reached}; a label needs ${needed}.`;
}

/**
 * @param {HTMLElement} legend
 * @param {string[]} labels
 */
export function fillLegend(legend, labels) {
  legend.replaceChildren(
    ...[...labels, UNSURE].map((label) => {
      const item = document.createElement("li");
      const swatch = document.createElement("i");
      swatch.classList.toggle("unsure", label === UNSURE);
      swatch.style.setProperty("--color", colorOf(label));
      item.append(swatch, label);
      return item;
    }),
  );
}

let lastSpoken = "";
let lastTime = -Infinity;

/**
 * Tell screen readers what is seen: when it changes, and not too often.
 * @param {HTMLElement} region
 * @param {ShownFace[]} faces
 * @param {string} picture its name, which is said at once; empty where time passes
 */
export function spoken(region, faces, picture) {
  const text = picture + (faces.length ? faces.map(nameOf).join(", ") : "no face");
  const now = performance.now();
  if (text === lastSpoken || (!picture && now - lastTime < SPEAK_EVERY)) return;
  region.textContent = text;
  lastSpoken = text;
  lastTime = now;
}

/**
 * Something else is on the stage: what was said of the last is said again if it is true of this.
 * @param {HTMLElement} region
 */
export function hush(region) {
  region.textContent = lastSpoken = "";
}
