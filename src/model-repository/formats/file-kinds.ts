/** First bytes of the files that people take for an ONNX model. */
const KINDS: readonly (readonly [string, string])[] = [
  ['504b0304', 'it is a zip archive, such as PyTorch, Keras 3 and NumPy save'],
  ['504b0506', 'it is an empty zip archive'],
  ['894844460d0a1a0a', 'it is an HDF5 file, such as Keras saves'],
  ['1f8b', 'it is compressed with gzip'],
  ['7f454c46', 'it is a program or library'],
  ['47475546', 'it is a GGUF file'],
  ['80', 'it is a Python pickle'],
];
const TEXT_SAMPLE_BYTES = 512;

/** What a file is if it is a known kind that is no ONNX model, in words; undefined if nothing tells. */
export function knownKind(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, TEXT_SAMPLE_BYTES));
  if (head.toString('latin1').startsWith('version https://git-lfs')) return 'it is a pointer of Git LFS, not the file itself: run git lfs pull';
  // TensorFlow Lite says so behind its first offset.
  if (head.toString('latin1', 4, 8) === 'TFL3') return 'it is a TensorFlow Lite model';
  if (head.toString('latin1', 4, 8) === 'ORTM') return "it is in ONNX Runtime's own format (.ort)";
  const hex = head.toString('hex', 0, 8);
  const kind = KINDS.find(([magic]) => hex.startsWith(magic));
  if (kind) return kind[1];
  return /^[\t\n\r\x20-\x7e]+$/.test(head.toString('latin1')) ? 'it is text' : undefined;
}
