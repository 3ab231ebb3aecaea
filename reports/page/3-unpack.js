// The core as the page carries it: LZMA, since it is a quarter smaller than what browsers unpack by
// themselves, and in a text of 91 letters, two for each 13 bits, since base64 takes a tenth more.

/** The bytes of a text that reports/markup.hpp dense_text() wrote. */
function bytesOf(text) {
  const value = new Uint8Array(127);
  for (let code = 32, next = 0; code < 127; ++code) if (!'"&<\\'.includes(String.fromCharCode(code))) value[code] = next++;
  const out = new Uint8Array((text.length * 13) >> 4);
  let bits = 0, count = 0, at = 0;
  for (let i = 0; i + 1 < text.length; i += 2) {
    bits = (bits << 13) | (value[text.charCodeAt(i)] * 91 + value[text.charCodeAt(i + 1)]);
    for (count += 13; count >= 8 && at < out.length; count -= 8) out[at++] = bits >> (count - 8);
    bits &= (1 << count) - 1;
  }
  return out;
}

/**
 * LZMA, as `xz --format=lzma` writes it: properties, sizes that are not needed, and a stream with an end mark
 * [Pavlov, "LZMA specification", 2015]. The names are the specification's.
 */
function unpack(input) {
  const lc = input[0] % 9, lp = Math.trunc(input[0] / 9) % 5, pb = Math.trunc(input[0] / 45);
  let out = new Uint8Array(1 << 21), size = 0, at = 18;
  let range = 0xffffffff, code = ((input[14] << 24) | (input[15] << 16) | (input[16] << 8) | input[17]) >>> 0;

  // All probabilities in one array; each kind of them begins at an offset.
  let places = 0;
  const room = (count) => (places += count) - count;
  const coder = () => ({ choice: room(2), low: room(128), mid: room(128), high: room(256) });
  const isMatch = room(192), isRep = room(12), isRepG0 = room(12), isRepG1 = room(12), isRepG2 = room(12), isRep0Long = room(192);
  const posSlot = room(256), posSpecial = room(128), align = room(16), lengths = coder(), repLengths = coder();
  const literal = room(0x300 << (lc + lp));
  const probabilities = new Uint16Array(places).fill(1024);

  const bit = (place) => {
    const probability = probabilities[place], bound = (range >>> 11) * probability;
    let value = 0;
    if (code < bound) {
      range = bound;
      probabilities[place] = probability + ((2048 - probability) >> 5);
    } else {
      range -= bound;
      code -= bound;
      probabilities[place] = probability - (probability >> 5);
      value = 1;
    }
    if (range < 0x1000000) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | input[at++]) >>> 0;
    }
    return value;
  };
  const direct = (count) => {
    let value = 0;
    while (count-- > 0) {
      range >>>= 1;
      const one = code >= range ? 1 : 0;
      if (one) code -= range;
      if (range < 0x1000000) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | input[at++]) >>> 0;
      }
      value = (value << 1) | one;
    }
    return value;
  };
  const tree = (place, count) => {
    let m = 1;
    for (let i = 0; i < count; ++i) m = (m << 1) | bit(place + m);
    return m - (1 << count);
  };
  const reverseTree = (place, count) => {
    let m = 1, value = 0;
    for (let i = 0; i < count; ++i) {
      const one = bit(place + m);
      m = (m << 1) | one;
      value |= one << i;
    }
    return value;
  };
  const lengthOf = (coder, posState) => {
    if (!bit(coder.choice)) return tree(coder.low + (posState << 3), 3);
    return bit(coder.choice + 1) ? 16 + tree(coder.high, 8) : 8 + tree(coder.mid + (posState << 3), 3);
  };
  const distanceOf = (length) => {
    const slot = tree(posSlot + (Math.min(length, 3) << 6), 6);
    if (slot < 4) return slot;
    const count = (slot >> 1) - 1, base = (2 | (slot & 1)) << count;
    if (slot < 14) return base + reverseTree(posSpecial + base - slot, count);
    return (base + (direct(count - 4) << 4) + reverseTree(align, 4)) >>> 0;
  };

  let state = 0, rep0 = 0, rep1 = 0, rep2 = 0, rep3 = 0;
  for (;;) {
    if (at > input.length + 8) throw new Error("the core is cut off");
    if (size + 300 > out.length) { const more = new Uint8Array(2 * out.length); more.set(out); out = more; }
    const posState = size & ((1 << pb) - 1);
    if (!bit(isMatch + (state << 4) + posState)) {
      const before = size > 0 ? out[size - 1] : 0;
      const place = literal + 0x300 * (((size & ((1 << lp) - 1)) << lc) + (before >> (8 - lc)));
      let symbol = 1;
      if (state >= 7) {
        let match = out[size - rep0 - 1];
        do {
          const matchBit = (match >> 7) & 1;
          match <<= 1;
          const one = bit(place + ((1 + matchBit) << 8) + symbol);
          symbol = (symbol << 1) | one;
          if (matchBit !== one) break;
        } while (symbol < 0x100);
      }
      while (symbol < 0x100) symbol = (symbol << 1) | bit(place + symbol);
      out[size++] = symbol;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let length;
    if (bit(isRep + state)) {
      if (!bit(isRepG0 + state)) {
        if (!bit(isRep0Long + (state << 4) + posState)) {
          state = state < 7 ? 9 : 11;
          out[size] = out[size - rep0 - 1];
          ++size;
          continue;
        }
      } else {
        let distance = rep1;
        if (bit(isRepG1 + state)) {
          distance = rep2;
          if (bit(isRepG2 + state)) { distance = rep3; rep3 = rep2; }
          rep2 = rep1;
        }
        rep1 = rep0;
        rep0 = distance;
      }
      length = lengthOf(repLengths, posState);
      state = state < 7 ? 8 : 11;
    } else {
      rep3 = rep2;
      rep2 = rep1;
      rep1 = rep0;
      length = lengthOf(lengths, posState);
      state = state < 7 ? 7 : 10;
      rep0 = distanceOf(length);
      if (rep0 === 0xffffffff) return out.subarray(0, size);
    }
    for (length += 2; length > 0; --length, ++size) out[size] = out[size - rep0 - 1];
  }
}
