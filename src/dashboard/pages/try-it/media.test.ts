import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { audioTensor, imageLayout, imageTensor, ShapeError, textTensor } from './media.ts';

describe('pictures', () => {
  it('find channels, rows and columns', () => {
    assert.deepEqual(imageLayout([1, 3, 8, 6], 100, 50), { shape: [1, 3, 8, 6], width: 6, height: 8, channels: 3, channelsFirst: true });
    assert.deepEqual(imageLayout([-1, 8, 6, 3], 100, 50), { shape: [1, 8, 6, 3], width: 6, height: 8, channels: 3, channelsFirst: false });
    assert.deepEqual(imageLayout([-1, 1, -1, -1], 100, 50), { shape: [1, 1, 50, 100], width: 100, height: 50, channels: 1, channelsFirst: true });
    assert.deepEqual(imageLayout([20, 20], 9, 9), { shape: [20, 20], width: 20, height: 20, channels: 1, channelsFirst: true });
    assert.deepEqual(imageLayout([1, 3, -1, -1], 4096, 2048)?.shape, [1, 3, 512, 1024]);
  });

  it('are refused where none fits', () => {
    for (const shape of [[4], [2, 3, 8, 8], [1, 7, 8, 8], []]) assert.equal(imageLayout(shape, 9, 9), null, JSON.stringify(shape));
  });

  it('become numbers in the version’s order and range', () => {
    const rgba = new Uint8ClampedArray([255, 0, 51, 255, 0, 255, 102, 255]);
    const layout = (shape: number[]) => imageLayout(shape, 2, 1) as NonNullable<ReturnType<typeof imageLayout>>;
    assert.deepEqual(Array.from(imageTensor(rgba, layout([1, 3, 1, 2]), 'FP32', 'bytes').data as Float32Array), [255, 0, 0, 255, 51, 102]);
    assert.deepEqual(Array.from(imageTensor(rgba, layout([1, 2, 1, 3]), 'UINT8', 'bytes').data as Uint8Array), [255, 0, 51, 0, 255, 102]);
    assert.deepEqual(Array.from(imageTensor(rgba, layout([1, 3, 1, 2]), 'FP32', 'signed').data as Float32Array).slice(0, 2), [1, -1]);
    assert.ok(Math.abs((imageTensor(rgba, layout([1, 3, 1, 2]), 'FP32', 'imagenet').data as Float32Array)[0] as number - 2.2489) < 1e-3);
  });
});

describe('sounds and texts', () => {
  it('fill the free dimension, or are cut and padded', () => {
    const samples = new Float32Array([0.5, -0.5, 0.25]);
    assert.deepEqual(audioTensor(samples, { name: 'x', datatype: 'FP32', shape: [-1, -1] }).shape, [1, 3]);
    assert.deepEqual(Array.from(audioTensor(samples, { name: 'x', datatype: 'FP32', shape: [1, 5] }).data as Float32Array), [0.5, -0.5, 0.25, 0, 0]);
    assert.deepEqual(audioTensor(samples, { name: 'x', datatype: 'INT16', shape: [2] }).data, [16384, -16383]);
  });

  it('are refused where none fits', () => {
    assert.throws(() => textTensor('a', { name: 'x', datatype: 'FP32', shape: [1] }), ShapeError);
    assert.throws(() => textTensor('a', { name: 'x', datatype: 'BYTES', shape: [2] }), ShapeError);
    assert.deepEqual(textTensor('a', { name: 'x', datatype: 'BYTES', shape: [-1, 1] }).shape, [1, 1]);
  });
});
