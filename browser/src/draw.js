/**
 * What is laid over a picture: a square and a label for each face, by the rules of
 * `fer/vision/draw.py` and `fer/vision/placing.py`.
 *
 * @module
 */

import { UNSURE } from "./recognize.js";

/** @typedef {import("./engine.js").ShownFace} ShownFace */

const SVG = "http://www.w3.org/2000/svg";
const FONT = "Figtree, system-ui, sans-serif";
const LABEL = 15; // pixels of the screen

/**
 * @param {number} share 0..1
 * @param {number} [digits]
 */
export const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;

/**
 * The colour of a label, from the page's style sheet.
 * @param {string} label
 */
export const colorOf = (label) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--fer-${label}`).trim();

/**
 * `colorOf` for many labels at once, for one drawing: each is looked up once. The next drawing may be in another
 * theme.
 * @returns {(label: string) => string}
 */
export function palette() {
  const colors = /** @type {Map<string, string>} */ (new Map());
  return (label) => {
    const color = colors.get(label) ?? colorOf(label);
    colors.set(label, color);
    return color;
  };
}

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
 * Words on the picture and their size in pixels of the screen.
 * @typedef {{text: string, size: number}} Wording
 */

/**
 * What may be said of a face on the picture, the longest first: the others are for where faces are
 * small and many.
 * @param {ShownFace} face
 * @param {string} number empty for one that is alone, whose label has the whole picture
 * @param {number} most pixels of the screen that a long one may be wide
 * @returns {Wording[]}
 */
function wordings(face, number, most) {
  const unsure = face.label === UNSURE;
  const name = number + nameOf(face);
  const full = unsure ? name : `${name} ${percent(face.confidence)}`;
  if (!number) return [{ text: full, size: LABEL }];
  const short = number + (unsure && face.quality === "good" ? `${face.bestGuess}?` : face.label);
  const size = LABEL * Math.min(1, Math.max(most / widthOf(short), 0.7));
  const all = [
    { text: full, size: LABEL },
    { text: short, size },
    { text: number.split(" ")[0], size: LABEL },
  ];
  return widthOf(full) <= most ? all : all.slice(1);
}

/** Left, top, right and bottom, in pixels of the picture. @typedef {number[]} Box */

/** @param {Box} a @param {Box} b */
const apart = (a, b) => a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];

/**
 * Where the label of a face is: above or below it, the shortest also beside it, and neither on
 * another label nor on a face.
 * @param {Wording[]} wordings
 * @param {Box} face
 * @param {number} unit pixels of the picture for one of the screen
 * @param {{width: number, height: number}} picture
 * @param {Box[]} taken by other faces and labels
 */
function placed(wordings, [x0, y0, x1, y1], unit, picture, taken) {
  const places = wordings.flatMap(({ text, size: onScreen }, i) => {
    const size = onScreen * unit;
    const wide = (widthOf(text) / LABEL) * size + 1.2 * size;
    const left = Math.min(Math.max(x0, 0), Math.max(picture.width - wide, 0));
    const corners = [
      [left, y0 - 1.6 * size],
      [left, y1 + 0.1 * size],
    ];
    if (i && i === wordings.length - 1) corners.push([x0 - wide, y0], [x1, y0]);
    return corners.map(([x, y]) => ({ text, size, box: [x, y, x + wide, y + 1.5 * size] }));
  });
  const inside = places.filter(
    ({ box: [left, top, right, bottom] }) =>
      left >= 0 && top >= 0 && right <= picture.width + unit && bottom <= picture.height,
  );
  const free = inside.find(({ box }) => taken.every((other) => apart(box, other)));
  if (inside.length) return free ?? inside[inside.length - 1];
  // A face from edge to edge: over its chin rather than its forehead.
  const { text, size, box } = places[0];
  return { text, size, box: [box[0], picture.height - 1.5 * size, box[2], picture.height] };
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
  const boxes = faces.map(({ box: [x0, y0, x1, y1] }) =>
    mirrored ? [width - x1, y0, width - x0, y1] : [x0, y0, x1, y1],
  );
  /** @type {Box[]} */
  const labels = [];
  overlay.replaceChildren(
    ...faces.map((face, i) => {
      const said = wordings(face, numberOf(faces, i), (1.3 * (boxes[i][2] - boxes[i][0])) / unit);
      const others = boxes.filter((_, other) => other !== i);
      const label = placed(said, boxes[i], unit, { width, height }, [...others, ...labels]);
      labels.push(label.box);
      return faceMark(face, boxes[i], label, unit);
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
 * @param {Box} box
 * @param {{text: string, size: number, box: Box}} label
 * @param {number} unit pixels of the picture for one of the screen
 */
function faceMark(face, [x, y, right, bottom], { text, size, box: place }, unit) {
  const unsure = face.label === UNSURE;
  const color = unsure ? "#fff" : colorOf(face.label); // not the grey of "neutral"
  const [w, h] = [right - x, bottom - y];
  const [left, top] = place;
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
      width: place[2] - left,
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
