// Numbers that one seed repeats: `roll(n)` is one of 0 … n-1 (xorshift, 32 bits).
export function dice(seed) {
  let state = (seed * 2654435761 + 97) >>> 0 || 1;
  return (sides) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % sides;
  };
}
