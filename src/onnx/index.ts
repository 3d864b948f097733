export { readableMessage } from './message.ts';
export { type NativeInput, type NativeSession, type NativeTensor, type NativeTensors, NUMERIC_ARRAYS, type NumericArray, numericView } from './native.ts';
export { type OnnxSession, type OnnxValue, openOnnxSession } from './session.ts';
