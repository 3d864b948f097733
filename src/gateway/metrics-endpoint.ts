import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { type DataPlane, sendError } from '../api/inference/index.ts';
import { asLeptonError, LeptonError } from '../core/index.ts';
import type { InferenceMetrics, InferenceView } from '../monitoring/metrics/index.ts';

const CONTROL_TIMEOUT_MS = 1000;
const CONTROL_TEXT_BYTES_MAX = 16 * 2 ** 20;

/** GET /metrics: the gateway's own metrics and, behind them, control's. */
export async function serveMetrics(metrics: InferenceMetrics, controlSocketPath: string, message: IncomingMessage, response: ServerResponse): Promise<void> {
  if (message.method !== 'GET') {
    return sendError(response, new LeptonError('METHOD_NOT_ALLOWED', `${message.method} is not possible here, only GET`), { allow: 'GET' }, !message.complete);
  }
  try {
    const text = await metrics.text(await controlMetrics(controlSocketPath));
    response.writeHead(200, { 'content-type': metrics.contentType, 'content-length': Buffer.byteLength(text) });
    response.end(text);
  } catch (thrown) {
    sendError(response, asLeptonError(thrown), {}, false);
  }
}

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
    };
  }
}

/** Control's text; null when it does not answer in time. */
function controlMetrics(socketPath: string): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/internal/metrics', agent: false, timeout: CONTROL_TIMEOUT_MS }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > CONTROL_TEXT_BYTES_MAX) request.destroy();
      });
      answer.on('end', () => settle(answer.statusCode === 200 ? Buffer.concat(chunks).toString('utf8') : null));
      answer.on('error', () => settle(null));
    });
    const timer = setTimeout(() => request.destroy(), CONTROL_TIMEOUT_MS);
    const settle = (text: string | null): void => {
      clearTimeout(timer);
      resolve(text);
    };
    request.on('error', () => settle(null));
    request.on('close', () => settle(null));
  });
}
