/**
 * Pictures as arrays: grey, resizing and turning, with the same answers as OpenCV in `fer/vision`.
 *
 * @module
 */

/**
 * A colour picture as a canvas gives it: four bytes a pixel, red green blue alpha, row by row.
 * @typedef {{width: number, height: number, data: Uint8ClampedArray | Uint8Array}} Picture
 */

const SLIVER = 1e-3; // of a pixel

/**
 * The nearest whole number, halves to the even one, as C and NumPy round.
 * @param {number} value
 */
export function roundEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/**
 * For each of `target` pixels in a line of `source` pixels: where its share begins, and the weights of
 * the pixels from there on, of which it has `ends[i] - ends[i - 1]`. As in OpenCV's `INTER_AREA`, down
 * to slivers that it leaves out.
 * @param {number} source
 * @param {number} target at most `source`
 * @returns {{starts: Int32Array, ends: Int32Array, weights: Float32Array}}
 */
function areaWeights(source, target) {
  const scale = source / target;
  const starts = new Int32Array(target);
  const ends = new Int32Array(target);
  const weights = [];
  for (let i = 0; i < target; i++) {
    const low = i * scale;
    const high = low + scale;
    const cell = Math.min(scale, source - low);
    const last = Math.min(Math.floor(high), source - 1);
    const first = Math.min(Math.ceil(low), last);
    starts[i] = first;
    if (first - low > SLIVER) {
      starts[i] = first - 1;
      weights.push((first - low) / cell);
    }
    for (let j = first; j < last; j++) weights.push(1 / cell);
    if (high - last > SLIVER) weights.push(Math.min(high - last, 1, cell) / cell);
    ends[i] = weights.length;
  }
  return { starts, ends, weights: Float32Array.from(weights) };
}

/**
 * A smaller copy; each pixel is the mean of the area that it covers. Of colours alpha is left out.
 * @param {Uint8Array | Uint8ClampedArray} data `height × width × channels`
 * @param {number} width
 * @param {number} height
 * @param {number} channels 1 of a grey picture, 4 of a coloured one
 * @param {number} newWidth at most `width`
 * @param {number} newHeight at most `height`
 * @returns {Uint8Array} `newHeight × newWidth × channels`
 */
export function shrinkArea(data, width, height, channels, newWidth, newHeight) {
  // One kind of array for all callers: engines are several times slower where two kinds meet.
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  if (width === 2 * newWidth && height === 2 * newHeight) {
    return halve(bytes, width, channels, newWidth, newHeight);
  }
  const across = areaWeights(width, newWidth);
  const down = areaWeights(height, newHeight);
  const shrinkLine = channels === 4 ? shrinkColours : shrinkGreys;
  const line = newWidth * channels;
  const sum = new Float32Array(line);
  const row = new Float32Array(line);
  const result = new Uint8Array(newHeight * line);
  let shrunk = -1; // the source line in `row`; the last one of a line is used again by the next
  for (let y = 0, k = 0; y < newHeight; y++) {
    sum.fill(0);
    for (let source = down.starts[y]; k < down.ends[y]; k++, source++) {
      const weight = down.weights[k];
      if (source !== shrunk) shrinkLine(bytes, source * width * channels, across, row);
      shrunk = source;
      for (let i = 0; i < line; i++) sum[i] += weight * row[i];
    }
    for (let i = 0; i < line; i++) result[y * line + i] = roundEven(sum[i]);
  }
  return result;
}

/**
 * @param {Uint8Array} data grey
 * @param {number} begin of the line
 * @param {ReturnType<typeof areaWeights>} across
 * @param {Float32Array} row gets the shrunk line
 */
function shrinkGreys(data, begin, { starts, ends, weights }, row) {
  for (let x = 0, k = 0; x < starts.length; x++) {
    let value = 0;
    for (let from = begin + starts[x]; k < ends[x]; k++, from++) {
      value = Math.fround(value + weights[k] * data[from]);
    }
    row[x] = value;
  }
}

/**
 * @param {Uint8Array} data red green blue alpha
 * @param {number} begin of the line
 * @param {ReturnType<typeof areaWeights>} across
 * @param {Float32Array} row gets the shrunk line
 */
function shrinkColours(data, begin, { starts, ends, weights }, row) {
  for (let x = 0, k = 0; x < starts.length; x++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let from = begin + 4 * starts[x]; k < ends[x]; k++, from += 4) {
      const weight = weights[k];
      red = Math.fround(red + weight * data[from]);
      green = Math.fround(green + weight * data[from + 1]);
      blue = Math.fround(blue + weight * data[from + 2]);
    }
    row[4 * x] = red;
    row[4 * x + 1] = green;
    row[4 * x + 2] = blue;
  }
}

/**
 * The means of 2 × 2 pixels in whole numbers, halves rounded up, as OpenCV computes them.
 * @param {Uint8Array} data
 * @param {number} width
 * @param {number} channels
 * @param {number} newWidth
 * @param {number} newHeight
 */
function halve(data, width, channels, newWidth, newHeight) {
  const below = width * channels;
  const result = new Uint8Array(newWidth * newHeight * channels);
  for (let y = 0, i = 0; y < newHeight; y++) {
    for (let x = 0, p = 2 * y * below; x < newWidth; x++, p += channels) {
      for (let c = 0; c < channels; c++, p++, i++) {
        const sum = data[p] + data[p + channels] + data[p + below] + data[p + below + channels];
        result[i] = (sum + 2) >> 2;
      }
    }
  }
  return result;
}

/**
 * A part of a picture, as a copy.
 * @param {Picture} picture
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @returns {Picture}
 */
export function cutOut(picture, x0, y0, x1, y1) {
  const [width, height] = [x1 - x0, y1 - y0];
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const from = ((y0 + y) * picture.width + x0) * 4;
    data.set(picture.data.subarray(from, from + width * 4), y * width * 4);
  }
  return { width, height, data };
}

/**
 * A picture's pixels at another size: by area where it shrinks, else linear.
 * @param {Picture} picture
 * @param {number} width
 * @param {number} height
 * @returns {Uint8Array | Uint8ClampedArray} RGBA
 */
export function resize(picture, width, height) {
  if (width === picture.width && height === picture.height) return picture.data;
  if (width <= picture.width && height <= picture.height) {
    return shrinkArea(picture.data, picture.width, picture.height, 4, width, height);
  }
  return enlargeLinear(picture, width, height);
}

/**
 * Linear interpolation with weights of 11 bits, as OpenCV computes it for bytes.
 * @param {Picture} picture
 * @param {number} width
 * @param {number} height
 */
function enlargeLinear({ data, width: w, height: h }, width, height) {
  /** @param {number} source @param {number} target */
  const places = (source, target) =>
    Array.from({ length: target }, (_, i) => {
      const at = Math.fround((i + 0.5) * (source / target) - 0.5);
      const low = Math.min(Math.max(Math.floor(at), 0), source - 1);
      const inside = at >= 0 && low < source - 1;
      const share = inside ? Math.fround(at - low) : 0;
      const weights = [roundEven((1 - share) * 2048), roundEven(share * 2048)];
      return { low, high: Math.min(low + 1, source - 1), weights };
    });
  const across = places(w, width);
  /** @param {number} y */
  const line = (y) => {
    const wide = new Int32Array(width * 4);
    across.forEach(({ low, high, weights }, x) => {
      for (let k = 0; k < 4; k++) {
        const left = data[(y * w + low) * 4 + k];
        const right = data[(y * w + high) * 4 + k];
        wide[x * 4 + k] = (left * weights[0] + right * weights[1]) >> 4;
      }
    });
    return wide;
  };
  const lines = Array.from({ length: h }, (_, y) => line(y));
  const result = new Uint8Array(width * height * 4);
  places(h, height).forEach(({ low, high, weights }, y) => {
    for (let i = 0; i < width * 4; i++) {
      const upper = (lines[low][i] * weights[0]) >> 16;
      const lower = (lines[high][i] * weights[1]) >> 16;
      result[y * width * 4 + i] = (upper + lower + 2) >> 2;
    }
  });
  return result;
}

/**
 * OpenCV's cubic weights (a = −0.75) of the four pixels around a place.
 * @param {number} x distance from the second of them, 0..1
 */
function cubicWeights(x) {
  const a = -0.75;
  const w0 = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
  const w1 = ((a + 2) * x - (a + 3)) * x * x + 1;
  const w2 = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
  return [w0, w1, w2, 1 - w0 - w1 - w2];
}

/**
 * A larger copy of a square grey patch by cubic interpolation; its border goes on outside.
 * @param {Uint8Array} data `side × side`
 * @param {number} side
 * @param {number} size
 * @returns {Uint8Array} `size × size`
 */
function enlargeCubic(data, side, size) {
  const scale = side / size;
  const places = Array.from({ length: size }, (_, i) => {
    const at = (i + 0.5) * scale - 0.5;
    const base = Math.floor(at);
    const index = [-1, 0, 1, 2].map((d) => Math.min(Math.max(base + d, 0), side - 1));
    return { index, weights: cubicWeights(at - base) };
  });
  const wide = new Float64Array(side * size);
  for (let y = 0; y < side; y++) {
    places.forEach(({ index, weights }, x) => {
      let value = 0;
      for (let k = 0; k < 4; k++) value += weights[k] * data[y * side + index[k]];
      wide[y * size + x] = value;
    });
  }
  const result = new Uint8Array(size * size);
  places.forEach(({ index, weights }, y) => {
    for (let x = 0; x < size; x++) {
      let value = 0;
      for (let k = 0; k < 4; k++) value += weights[k] * wide[index[k] * size + x];
      result[y * size + x] = Math.min(Math.max(roundEven(value), 0), 255);
    }
  });
  return result;
}

/**
 * A square grey patch at another size: by area when it shrinks, cubic when it grows.
 * @param {Uint8Array} data `side × side`
 * @param {number} side
 * @param {number} size
 * @returns {Uint8Array} `size × size`
 */
export function resizeSquare(data, side, size) {
  if (side === size) return data;
  return side > size ? shrinkArea(data, side, side, 1, size, size) : enlargeCubic(data, side, size);
}

/**
 * The grey values in a square that may leave the picture; the nearest pixel of the border fills it.
 * They are OpenCV's: integer weights of 15 bits (Rec. 601).
 * @param {Picture} picture
 * @param {number} left
 * @param {number} top
 * @param {number} side
 * @returns {Uint8Array} `side × side`
 */
export function cutSquare({ width, height, data }, left, top, side) {
  const patch = new Uint8Array(side * side);
  for (let y = 0, i = 0; y < side; y++) {
    const row = Math.min(Math.max(top + y, 0), height - 1) * width;
    for (let x = 0; x < side; x++, i++) {
      const p = 4 * (row + Math.min(Math.max(left + x, 0), width - 1));
      patch[i] = (data[p] * 9798 + data[p + 1] * 19235 + data[p + 2] * 3735 + 16384) >> 15;
    }
  }
  return patch;
}

/**
 * The middle of a square grey patch, turned about its centre: linear interpolation at 1/32 of a pixel
 * in whole numbers, as OpenCV's `warpAffine` computes it for bytes.
 * @param {Uint8Array} data `side × side`
 * @param {number} side
 * @param {number} size side of the result
 * @param {number} degrees anticlockwise, as OpenCV's `getRotationMatrix2D` has it
 * @returns {Uint8Array} `size × size`
 */
export function turnSquare(data, side, size, degrees) {
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  const centre = (side - 1) / 2;
  const middle = centre - (side - size) / 2; // of the result
  const beginX = centre - cos * middle + sin * middle; // where its first pixel comes from
  const beginY = centre - sin * middle - cos * middle;
  /** @param {number} x @param {number} y */
  const pixel = (x, y) =>
    data[Math.min(Math.max(y, 0), side - 1) * side + Math.min(Math.max(x, 0), side - 1)];
  const result = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    const rowX = roundEven((beginX - sin * y) * 1024) + 16;
    const rowY = roundEven((beginY + cos * y) * 1024) + 16;
    for (let x = 0; x < size; x++) {
      const atX = (rowX + roundEven(cos * x * 1024)) >> 5;
      const atY = (rowY + roundEven(sin * x * 1024)) >> 5;
      const [x0, y0, fx, fy] = [atX >> 5, atY >> 5, atX & 31, atY & 31];
      const upper = pixel(x0, y0) * (32 - fx) + pixel(x0 + 1, y0) * fx;
      const lower = pixel(x0, y0 + 1) * (32 - fx) + pixel(x0 + 1, y0 + 1) * fx;
      result[y * size + x] = (upper * (32 - fy) + lower * fy + 512) >> 10;
    }
  }
  return result;
}
