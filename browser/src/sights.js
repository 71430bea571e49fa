/**
 * What ails the picture of a face before a camera, without flicker: as `fer/app/sights.py`.
 *
 * @module
 */

import { UNSURE } from "./recognize.js";

/** @typedef {import("./engine.js").ShownFace} ShownFace */
/** @typedef {import("./quality.js").Quality} Quality */

const SETTLED = 1; // seconds in which the commonest quality counts

export class Sights {
  constructor() {
    /** @type {{seconds: number, id?: number, quality: Quality}[]} of the last second, in order */
    this.lately = [];
  }

  /**
   * The faces of a frame with the quality that each mostly had in the last second; one that is mostly
   * too poor to be read is "unsure", whatever the network says.
   * @param {ShownFace[]} faces
   * @param {number} seconds
   * @returns {ShownFace[]}
   */
  settle(faces, seconds) {
    this.lately = this.lately.filter((one) => one.seconds > seconds - SETTLED);
    const settled = faces.map((face) => {
      const seen = this.lately.filter(({ id }) => id === face.id);
      const quality = commonest([face, ...seen].map((one) => one.quality));
      if (quality === "good") return { ...face, quality };
      // The label's own confidence may be that of one held from before: an unsure face has none.
      return { ...face, quality, label: UNSURE, confidence: Math.max(...face.probabilities) };
    });
    this.lately.push(...faces.map(({ id, quality }) => ({ seconds, id, quality })));
    return settled;
  }
}

/**
 * Of several that are equally common, the first.
 * @param {Quality[]} qualities one or more
 * @returns {Quality}
 */
function commonest(qualities) {
  const counts = /** @type {Map<Quality, number>} */ (new Map());
  for (const quality of qualities) counts.set(quality, (counts.get(quality) ?? 0) + 1);
  return [...counts].reduce((best, other) => (other[1] > best[1] ? other : best))[0];
}
