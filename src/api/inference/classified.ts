import type { VersionRoute } from '../../core/index.ts';
import { classify, hasBatchDimension, type InferenceAnswer, type InferenceRequest } from './codec/index.ts';
import type { CallContext, DataPlane } from './dispatch/index.ts';

/** Whether any output is asked for as classes: then the request goes through `prepareClassification`. */
export function asksForClasses(request: InferenceRequest): boolean {
  return request.outputs?.some((output) => output.classification) ?? false;
}

/** A request whose version is chosen, and what makes classes of its answer. */
export interface ClassificationCall {
  readonly request: InferenceRequest;
  finish(answer: InferenceAnswer): InferenceAnswer;
}

/** Chooses the version first, since its labels and signature say what the classes are. */
export async function prepareClassification(plane: DataPlane, request: InferenceRequest, context: CallContext): Promise<ClassificationCall> {
  const { route } = await plane.pick(request, context);
  const batched = hasBatchDimension(route.signature);
  const counts = new Map(request.outputs?.map(({ name, classification }) => [name, classification ?? 0]));
  return {
    request: { ...request, version: route.version },
    finish: (answer) => ({
      ...answer,
      outputs: answer.outputs.map((tensor) => {
        const count = counts.get(tensor.name);
        return count ? classify(tensor, count, { batched, labels: labelsOf(route.classLabels, tensor.name) }) : tensor;
      }),
    }),
  };
}

function labelsOf(labels: VersionRoute['classLabels'], output: string): readonly string[] | undefined {
  return labels && Object.hasOwn(labels, output) ? labels[output]?.labels : undefined;
}
