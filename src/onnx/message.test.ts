import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readableMessage } from './message.ts';

const CASES: readonly (readonly [string, string])[] = [
  [
    "Non-zero status code returned while running Reshape node. Name:'Reshape_0' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:91 onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) input_shape_size == requested_shape_size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{1,4}, requested shape:{3,5}\n",
    'node Reshape_0 (Reshape): The input tensor cannot be reshaped to the requested shape. Input shape:{1,4}, requested shape:{3,5}',
  ],
  [
    "Non-zero status code returned while running Add node. Name:'Add_0' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/math/element_wise_ops.h:563 void onnxruntime::BroadcastIterator::Init(ptrdiff_t, ptrdiff_t) axis == 1 || axis == largest was false. Attempting to broadcast an axis by a dimension other than 1. 2 by 4\n",
    'node Add_0 (Add): Attempting to broadcast an axis by a dimension other than 1. 2 by 4',
  ],
  ["Non-zero status code returned while running MatMul node. Name:'' Status Message: matmul_helper.h:59 Compute MatMul dimension mismatch", 'node without a name (MatMul): MatMul dimension mismatch'],
  [
    'Exception during initialization: /onnxruntime_src/onnxruntime/core/providers/cpu/text/string_normalizer.cc:235 onnxruntime::StringNormalizer::Locale::Locale(const std::string&)::<lambda()> Failed to construct locale with name:en_US.UTF-8',
    'Exception during initialization: Failed to construct locale with name:en_US.UTF-8',
  ],
  ['Load model from /data/versions/ab/model.onnx failed:Protobuf parsing failed.', 'Protobuf parsing failed.'],
  ["Load model from /tmp/nope.onnx failed:Load model /tmp/nope.onnx failed. File doesn't exist", "File doesn't exist"],
  ['/onnxruntime_src/onnxruntime/core/graph/model.cc:181 onnxruntime::Model::Model(ModelProto&&, const PathString&, const std::function<bool(int)>*, const Logger&) Unsupported model IR version: 99, max supported IR version: 11', 'Unsupported model IR version: 99, max supported IR version: 11'],
  ['Invalid rank for input: x Got: 1 Expected: 2 Please fix either the inputs/outputs or the model.', 'Invalid rank for input: x Got: 1 Expected: 2 Please fix either the inputs/outputs or the model.'],
];

describe('onnxruntime’s messages', () => {
  for (const [raw, readable] of CASES) it(readable, () => assert.equal(readableMessage(new Error(raw)), readable));
  it('are bounded', () => assert.ok(readableMessage('x'.repeat(5_000)).length <= 401));
});
