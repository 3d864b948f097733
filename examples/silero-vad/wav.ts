/** The clip's sampling rate, Hz; Silero VAD works on it. */
export const SAMPLE_RATE = 16_000;

/** Samples in [-1, 1) of a 16-bit mono RIFF/WAVE file at 16 kHz; throws with what is wrong otherwise. */
export function wavSamples(bytes: Buffer): Float32Array {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') throw new Error('not a WAV file');
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (id === 'fmt ') checkFormat(bytes.subarray(at + 8, at + 24));
    if (id === 'data') return samplesOf(bytes.subarray(at + 8, Math.min(at + 8 + size, bytes.length)));
    at += 8 + size + (size % 2);
  }
  throw new Error('WAV file without data');
}

function checkFormat(format: Buffer): void {
  const [coding, channels, rate, bits] = [format.readUInt16LE(0), format.readUInt16LE(2), format.readUInt32LE(4), format.readUInt16LE(14)];
  if (coding !== 1 || channels !== 1 || rate !== SAMPLE_RATE || bits !== 16) throw new Error(`WAV must be PCM, mono, ${SAMPLE_RATE} Hz, 16 bit; it is coding ${coding}, ${channels} channels, ${rate} Hz, ${bits} bit`);
}

function samplesOf(data: Buffer): Float32Array {
  return Float32Array.from({ length: data.length >> 1 }, (_, index) => data.readInt16LE(index * 2) / 32_768);
}

/** A 16-bit mono WAV file of samples in [-1, 1). */
export function wavBytes(samples: Float32Array): Buffer {
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(SAMPLE_RATE, 24);
  bytes.writeUInt32LE(SAMPLE_RATE * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((value, index) => bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768))), 44 + index * 2));
  return bytes;
}
