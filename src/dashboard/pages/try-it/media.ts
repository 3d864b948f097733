import type { Datatype, TensorData, TensorInput } from '../../../../clients/typescript/src/tensors.ts';
import type { TensorSpec } from './tensors.ts';
import { fit } from './tensors.ts';

/** Pixels of a side where the version leaves it free. */
const FREE_SIDE_MAX = 1024;
export const FILE_BYTES_MAX = 64 * 2 ** 20;

/** How a channel's 0…255 becomes a number. */
export const PIXEL_SCALES = { unit: '0 … 1', bytes: '0 … 255', signed: '−1 … 1', imagenet: 'ImageNet' } as const;
export type PixelScale = keyof typeof PIXEL_SCALES;
export const SAMPLE_RATES = [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] as const;

const IMAGENET = [[0.485, 0.229], [0.456, 0.224], [0.406, 0.225]] as const;

function scaled(byte: number, channel: number, scale: PixelScale): number {
  if (scale === 'bytes') return byte;
  if (scale === 'unit') return byte / 255;
  if (scale === 'signed') return byte / 127.5 - 1;
  const [mean, deviation] = IMAGENET[channel % 3] as (typeof IMAGENET)[number];
  return (byte / 255 - mean) / deviation;
}

export interface ImageLayout {
  /** Shape with the picture's own size in free places. */
  readonly shape: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly channelsFirst: boolean;
}

/** Where channels, rows and columns are in a tensor that takes a picture; null: it takes none. */
export function imageLayout(shape: readonly number[], width: number, height: number): ImageLayout | null {
  const lead = shape.length - 3;
  if (lead < -1 || shape.slice(0, Math.max(0, lead)).some((size) => size > 1)) return null;
  const sides = lead === -1 ? [1, ...shape] : shape.slice(lead);
  const [a, b, c] = sides as [number, number, number];
  const channelsFirst = lead === -1 || a === 1 || a === 3 || !(c === 1 || c === 3);
  const [rows, columns, depth] = channelsFirst ? [b, c, a] : [a, b, c];
  const channels = depth === 1 ? 1 : depth === 3 || depth < 0 ? 3 : null;
  if (channels === null) return null;
  const shrink = Math.min(1, FREE_SIDE_MAX / Math.max(width, height));
  const size = { width: columns < 0 ? Math.max(1, Math.round(width * shrink)) : columns, height: rows < 0 ? Math.max(1, Math.round(height * shrink)) : rows };
  const own = channelsFirst ? [channels, size.height, size.width] : [size.height, size.width, channels];
  return { shape: lead === -1 ? own.slice(1) : [...shape.slice(0, lead).map(() => 1), ...own], ...size, channels, channelsFirst };
}

/** A picture's pixels in RGBA as a tensor. */
export function imageTensor(rgba: Uint8ClampedArray, layout: ImageLayout, datatype: Datatype, scale: PixelScale): TensorInput {
  const { width, height, channels, channelsFirst, shape } = layout;
  const values = new Float32Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [red, green, blue] = [rgba[pixel * 4] as number, rgba[pixel * 4 + 1] as number, rgba[pixel * 4 + 2] as number];
    // ITU-R BT.601, as image libraries make grey.
    const bytes = channels === 3 ? [red, green, blue] : [0.299 * red + 0.587 * green + 0.114 * blue];
    for (let channel = 0; channel < channels; channel++) values[channelsFirst ? channel * width * height + pixel : pixel * channels + channel] = scaled(bytes[channel] as number, channel, scale);
  }
  return { data: dataOf(values, datatype), shape, datatype };
}

/** Decodes a picture at the size that the version takes. Rejects with an Error where it can't be. */
export async function readImage(file: Blob, spec: TensorSpec, scale: PixelScale): Promise<TensorInput> {
  const bitmap = await createImageBitmap(file);
  const layout = imageLayout(spec.shape, bitmap.width, bitmap.height);
  if (!layout) throw new ShapeError();
  const canvas = new OffscreenCanvas(layout.width, layout.height);
  const drawing = canvas.getContext('2d', { willReadFrequently: true });
  if (!drawing) throw new ShapeError();
  drawing.drawImage(bitmap, 0, 0, layout.width, layout.height);
  bitmap.close();
  return imageTensor(drawing.getImageData(0, 0, layout.width, layout.height).data, layout, spec.datatype, scale);
}

/** Decodes a sound, mixes it to one channel at this rate, and cuts or pads it where the version fixes its length. */
export async function readAudio(file: Blob, spec: TensorSpec, sampleRate: number): Promise<TensorInput> {
  const decoded = await new OfflineAudioContext(1, 1, sampleRate).decodeAudioData(await file.arrayBuffer());
  const mixed = new Float32Array(decoded.length);
  for (let channel = 0; channel < decoded.numberOfChannels; channel++) {
    const samples = decoded.getChannelData(channel);
    for (let index = 0; index < mixed.length; index++) mixed[index] = (mixed[index] as number) + (samples[index] as number) / decoded.numberOfChannels;
  }
  return audioTensor(mixed, spec);
}

export function audioTensor(samples: Float32Array, { shape, datatype }: TensorSpec): TensorInput {
  const free = shape.some((size) => size < 0);
  const length = free ? samples.length : shape.reduce((product, size) => product * size, 1);
  const values = new Float32Array(length);
  values.set(samples.subarray(0, length));
  const fitted = fit(length, shape);
  if (!fitted) throw new ShapeError();
  // 16-bit PCM for who takes whole numbers.
  return { data: dataOf(datatype.startsWith('INT') ? values.map((value) => Math.round(Math.max(-1, Math.min(1, value)) * 32_767)) : values, datatype), shape: fitted, datatype };
}

/** One text as the only element. */
export function textTensor(text: string, { shape, datatype }: TensorSpec): TensorInput {
  const fitted = fit(1, shape);
  if (datatype !== 'BYTES' || !fitted) throw new ShapeError();
  return { data: [text], shape: fitted, datatype };
}

/** This input takes no such file. */
export class ShapeError extends Error {}

function dataOf(values: Float32Array, datatype: Datatype): TensorData {
  if (datatype === 'FP32') return values;
  if (datatype === 'UINT8') return Uint8Array.from(values, (value) => Math.round(value));
  if (datatype === 'BYTES' || datatype === 'BOOL') throw new ShapeError();
  return datatype.startsWith('INT') || datatype.startsWith('UINT') ? Array.from(values, (value) => Math.round(value)) : Array.from(values);
}
