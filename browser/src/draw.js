/**
 * What is laid over a picture: a square and a label for each face.
 *
 * @module
 */

import { UNSURE } from "./recognize.js";

/** @typedef {import("./engine.js").ShownFace} ShownFace */

const SVG = "http://www.w3.org/2000/svg";
const FONT = "Figtree, system-ui, sans-serif";
const LABEL = 15; // pixels of the screen

/** @param {number} share 0..1 */
export const percent = (share) => `${Math.round(100 * share)} %`;

/**
 * The colour of a label, from the page's style sheet.
 * @param {string} label
 */
export const colorOf = (label) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--fer-${label}`).trim();

/**
 * What a face is called: its label, or that it is unsure and the best guess; where the picture is at
 * fault, no guess.
 * @param {ShownFace} face
 */
export const nameOf = (face) =>
  face.label === UNSURE && face.quality === "good" ? `unsure (${face.bestGuess}?)` : face.label;

/**
 * What tells a face from others, in the picture and beside it; nothing where it is alone.
 * @param {ShownFace[]} faces
 * @param {number} i
 */
export const numberOf = (faces, i) => (faces.length > 1 ? `${faces[i].id ?? i + 1} · ` : "");

/**
 * The label of a face on the picture, short where faces are small and many, and its size.
 * @param {ShownFace} face
 * @param {string} number
 * @param {number} most pixels of the screen that it may be wide
 */
function labelOf(face, number, most) {
  const full = `${number}${nameOf(face)} ${percent(face.confidence)}`;
  if (widthOf(full) <= most) return { text: full, size: LABEL };
  const guess = face.label === UNSURE && face.quality === "good";
  const text = number + (guess ? `${face.bestGuess}?` : face.label);
  return { text, size: LABEL * Math.min(1, Math.max(most / widthOf(text), 0.7)) };
}

/**
 * Draw the faces of a picture of `width` × `height` pixels into an SVG that lies over it.
 * @param {SVGSVGElement} overlay
 * @param {ShownFace[]} faces
 * @param {number} width
 * @param {number} height
 * @param {boolean} mirrored whether the picture is shown mirrored
 */
export function drawFaces(overlay, faces, width, height, mirrored) {
  overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const unit = unitOf(overlay, width, height);
  /** @type {number[][]} left, top and right of the labels so far */
  const labels = [];
  overlay.replaceChildren(
    ...faces.map((face, i) => {
      const [x0, y0, x1, y1] = face.box;
      const left = mirrored ? width - x1 : x0;
      const number = numberOf(faces, i);
      return faceMark(face, number, left, y0, x1 - x0, y1 - y0, unit, width, labels);
    }),
  );
}

/**
 * Pixels of the picture for one of the screen: labels are as large as text, however the picture is
 * shown.
 * @param {SVGSVGElement} overlay
 * @param {number} width
 * @param {number} height
 */
function unitOf({ clientWidth, clientHeight }, width, height) {
  return clientWidth ? Math.max(width / clientWidth, height / clientHeight) : width / 640;
}

/** @type {CanvasRenderingContext2D | null} */
let pen = null;

/**
 * How wide a label of full size is, in pixels of the screen.
 * @param {string} text
 */
function widthOf(text) {
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return text.length * LABEL * 0.6;
  pen.font = `600 ${LABEL}px ${FONT}`;
  return pen.measureText(text).width;
}

/**
 * @param {ShownFace} face
 * @param {string} number empty for one that is alone, whose label has the whole picture
 * @param {number} x
 * @param {number} y
 * @param {number} w
 * @param {number} h
 * @param {number} unit pixels of the picture for one of the screen
 * @param {number} width of the picture
 * @param {number[][]} labels left, top and right of those that are not to be covered
 */
function faceMark(face, number, x, y, w, h, unit, width, labels) {
  const unsure = face.label === UNSURE;
  const color = colorOf(face.label);
  const { text, size: onScreen } = labelOf(face, number, number ? (1.3 * w) / unit : Infinity);
  const size = onScreen * unit;
  const long = (widthOf(text) / LABEL) * size + 1.2 * size;
  const left = Math.min(Math.max(x, 0), Math.max(width - long, 0));
  const above = y - 1.6 * size;
  const places = above >= 0 ? [above, y + h, y] : [y + h, y];
  /** @param {number} place */
  const free = (place) =>
    labels.every(
      ([from, at, to]) => from > left + long || to < left || Math.abs(at - place) > 1.5 * size,
    );
  const top = places.find(free) ?? places[0];
  labels.push([left, top, left + long]);
  const group = element("g", {});
  group.append(
    element("rect", {
      x,
      y,
      width: w,
      height: h,
      rx: 6 * unit,
      fill: "none",
      stroke: "#000",
      "stroke-opacity": 0.6,
      "stroke-width": 5 * unit,
    }),
    element("rect", {
      x,
      y,
      width: w,
      height: h,
      rx: 6 * unit,
      fill: "none",
      stroke: color,
      "stroke-width": 3 * unit,
      "stroke-dasharray": unsure ? `${8 * unit} ${6 * unit}` : "none",
    }),
    element("rect", {
      x: left,
      y: top,
      width: long,
      height: 1.5 * size,
      rx: 5 * unit,
      fill: "#14181f",
      "fill-opacity": 0.88,
    }),
    element("rect", {
      x: left,
      y: top,
      width: 5 * unit,
      height: 1.5 * size,
      rx: 2 * unit,
      fill: color,
    }),
  );
  const label = element("text", {
    x: left + 0.6 * size,
    y: top + 1.08 * size,
    fill: "#fff",
    "font-size": size,
    "font-family": FONT,
    "font-weight": 600,
  });
  label.textContent = text;
  group.append(label);
  return group;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/**
 * A picture with its faces marked, as a PNG.
 * @param {CanvasImageSource} picture
 * @param {SVGSVGElement} overlay as drawn for a picture that is not mirrored
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Blob>}
 */
export async function annotated(picture, overlay, width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(picture, 0, 0, width, height);
  const copy = /** @type {SVGSVGElement} */ (overlay.cloneNode(true));
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(copy.outerHTML)}`;
  await image.decode();
  context.drawImage(image, 0, 0);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(/** @type {Blob} */ (blob))));
}
