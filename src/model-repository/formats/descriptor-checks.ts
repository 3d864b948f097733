import { ELEMENTS_MAX, elementCount, LeptonError, type TensorSpec } from '../../core/index.ts';
import type { Descriptor } from './descriptor.ts';

type Refuse = (message: string) => never;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const OPTIONS_CHARACTERS_MAX = 64 * 1024;

/** What the schema can't say: that names are single, sizes possible, and what is named is there. */
export function checkDescriptor(descriptor: Descriptor, paths: readonly string[], refuse: Refuse): void {
  const { signature, environment, format } = descriptor;
  checkTensors('inputs', signature.inputs, refuse);
  checkTensors('outputs', signature.outputs, refuse);
  if (!signature.outputs.length) refuse('signature.outputs is empty: a version gives at least one output');
  checkEntry(descriptor, paths, refuse);
  checkRequirements(environment.requirements, refuse);
  if (JSON.stringify(descriptor.options ?? {}).length > OPTIONS_CHARACTERS_MAX) refuse(`options has more than ${OPTIONS_CHARACTERS_MAX} characters as JSON`);
  if (format === 'python') checkClass(descriptor, paths, refuse);
}

function checkTensors(side: string, specs: readonly TensorSpec[], refuse: Refuse): void {
  const names = new Set<string>();
  for (const { name, shape, dimensionNames } of specs) {
    const where = `signature.${side}: ${name}`;
    if (names.has(name)) refuse(`${where} appears twice`);
    names.add(name);
    if (dimensionNames && dimensionNames.length !== shape.length) refuse(`${where} has ${dimensionNames.length} dimensionNames for ${shape.length} dimensions`);
    try {
      elementCount(shape.filter((size) => size !== -1));
    } catch (error) {
      if (error instanceof LeptonError) refuse(`${where} has the shape [${shape.join(',')}], which is more than the ${ELEMENTS_MAX} elements allowed`);
      throw error;
    }
  }
}

function checkEntry({ entry, format }: Descriptor, paths: readonly string[], refuse: Refuse): void {
  const isFile = paths.includes(entry);
  const isFolder = paths.some((path) => path.startsWith(`${entry}/`));
  if (!isFile && !isFolder) refuse(`entry ${JSON.stringify(entry)} is not in the artefact, which has ${paths.slice(0, 10).join(', ')}${paths.length > 10 ? ` and ${paths.length - 10} more` : ''}`);
  if (format === 'tensorflow' && !paths.some((path) => path === `${entry}/saved_model.pb` || path === `${entry}/saved_model.pbtxt`)) refuse(`entry ${JSON.stringify(entry)} is no SavedModel: it has no saved_model.pb`);
}

function checkRequirements(requirements: readonly string[], refuse: Refuse): void {
  const names = new Set<string>();
  for (const [index, pin] of requirements.entries()) {
    const before = requirements[index - 1];
    if (before !== undefined && before > pin) refuse(`environment.requirements must be sorted: ${pin} comes before ${before}`);
    const name = distribution(pin);
    if (names.has(name)) refuse(`environment.requirements names ${name} twice`);
    names.add(name);
  }
}

/** The name of a pin's distribution as PEP 503 compares it. */
const distribution = (pin: string): string => (pin.split(/[[=]/)[0] ?? '').toLowerCase().replaceAll(/[-_.]+/g, '-');

function checkClass({ entry, options = {} }: Descriptor, paths: readonly string[], refuse: Refuse): void {
  const { module = entry, class: name } = options;
  if (typeof name !== 'string' || !IDENTIFIER.test(name)) refuse(`options.class ${JSON.stringify(name)} must be the name of a class with load() and predict()`);
  if (typeof module !== 'string' || !module.endsWith('.py')) refuse(`options.module ${JSON.stringify(module)} must be the .py file that has the class`);
  else if (!paths.includes(module)) refuse(`options.module ${JSON.stringify(module)} is not in the artefact`);
}
