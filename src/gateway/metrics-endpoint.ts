import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DataPlane, sendError } from '../api/inference/index.ts';
import { asLeptonError, LeptonError } from '../core/index.ts';
import type { InferenceMetrics, InferenceView } from '../monitoring/metrics/index.ts';
import type { ControlCalls } from './control-calls.ts';
import { callControl } from './control-client.ts';

const CONTROL_TIMEOUT_MS = 1000;

/** GET /metrics: the gateway's own metrics and, behind them, control's; in OpenMetrics' form for who accepts it. */
export async function serveMetrics(metrics: InferenceMetrics, calls: ControlCalls, message: IncomingMessage, response: ServerResponse): Promise<void> {
  if (message.method !== 'GET') {
    return sendError(response, new LeptonError('METHOD_NOT_ALLOWED', `${message.method} is not possible here, only GET`), { allow: 'GET' }, !message.complete);
  }
  try {
    const { contentType, text } = await metrics.text(await controlMetrics(calls), acceptsOpenMetrics(message.headers.accept));
    response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(text), vary: 'accept' });
    response.end(text);
  } catch (thrown) {
    sendError(response, asLeptonError(thrown), {}, false);
  }
}

/** OpenMetrics has exemplars; whoever does not ask for it gets the older text, which everything reads. */
const acceptsOpenMetrics = (accept: string | undefined): boolean => /\bapplication\/openmetrics-text\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(accept ?? '');

/** The data plane's counters as metrics read them. */
export function viewOf(plane: DataPlane): InferenceView {
  return { generation: plane.generation, versions: versionsOf(plane) };
}

function* versionsOf(plane: DataPlane): InferenceView['versions'] & Generator {
  for (const lane of plane.lanes()) {
    const { statistics } = lane;
    yield {
      service: lane.service,
      version: lane.route.version,
      succeeded: statistics.success.count,
      failuresByCode: statistics.failuresByCode,
      inferences: statistics.inferences,
      retries: statistics.retries,
      total: statistics.total,
      queue: statistics.queue,
      batch: statistics.batch,
      run: statistics.run,
      batchSize: statistics.batchSize,
      queueLength: lane.queueLength,
      inFlight: lane.inFlight,
      connectedReplicas: lane.connectedReplicas,
      exemplars: statistics.exemplars,
    };
  }
}

/** Control's text; null when it does not answer in time. */
const controlMetrics = (calls: ControlCalls): Promise<string | null> => callControl(calls, { method: 'GET', path: '/metrics', timeoutMs: CONTROL_TIMEOUT_MS }).catch(() => null);
