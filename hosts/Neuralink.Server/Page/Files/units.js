// Numbers as people read them.

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes in the unit that has one to four digits before the point. */
export function bytes(count) {
  let unit = 0;
  while (count >= 1024 && unit < BYTE_UNITS.length - 1) {
    count /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(count) : digits(count)} ${BYTE_UNITS[unit]}`;
}

export const percent = share => `${digits(share * 100)}%`;

export const millis = time => time >= 1000 ? `${digits(time / 1000)} s` : `${digits(time)} ms`;

/** Three digits that count. */
export function digits(value) {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

/** A count with its noun. */
export const counted = (count, noun, nouns = `${noun}s`) => `${count} ${count === 1 ? noun : nouns}`;
