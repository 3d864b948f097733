import type { PaperCase } from '../deployment-engine/scheduler/index.ts';
import { readYaml, type YamlValue } from './yaml-file.ts';

const MAX = 1e12;

/** A case of the published formulation from YAML, such as examples/paper/case.yaml. */
export function readPaperCase(path: string): PaperCase {
  const { models, totals, published } = readYaml(path).object(['models', 'totals', 'published']);
  const total = totals.object(['cpu', 'memory', 'storage']);
  const list = models.list(1, 1000);
  const answer = published.object(['x', 'y', 'z', 'decimals']);
  const shares = (value: YamlValue): number[] => {
    const given = value.list(0, 1000);
    return given.length === list.length ? given.map((one) => one.number(-MAX, MAX)) : value.refuse(`a list of ${list.length}, one share for each model`);
  };
  const read = list.map(readModel);
  read.forEach(({ name }, index) => {
    if (read.findIndex((other) => other.name === name) !== index) list[index]?.refuse(`a name of its own; there are two ${name}`);
  });
  return {
    models: read,
    totals: { cpu: total.cpu.number(1e-9, MAX), memory: total.memory.number(1e-9, MAX), storage: total.storage.number(1e-9, MAX) },
    published: { x: shares(answer.x), y: shares(answer.y), z: shares(answer.z), decimals: answer.decimals.integer(0, 15, 3) },
  };
}

function readModel(value: YamlValue): PaperCase['models'][number] {
  const { name, cpu, memory, storage, threshold, weight, arrivalRate, demand } = value.object(['name', 'cpu', 'memory', 'storage', 'threshold', 'weight', 'arrivalRate', 'demand']);
  return {
    name: name.text(),
    cpu: cpu.number(1e-9, 1e6),
    memory: memory.number(0, 1e6),
    storage: storage.number(0, 1e6),
    threshold: threshold.number(1e-9, MAX),
    weight: weight.number(1e-9, MAX, 1),
    arrivalRate: arrivalRate.given ? arrivalRate.number(0, MAX) : null,
    demand: demand.number(0, MAX, 1),
  };
}
