import type { components, paths } from './schema.d.ts';

type Schemas = components['schemas'];

export type Repository = Schemas['Repository'];
export type Version = Schemas['Version'];
export type ArtefactFile = Schemas['ArtefactFile'];
export type Label = Schemas['Label'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type VersionProfiles = Schemas['VersionProfiles'];
export type HostProfile = Schemas['HostProfile'];
export type VersionDiff = Schemas['VersionDiff'];
export type PublishResult = Schemas['PublishResult'];
export type VersionPublish = Schemas['VersionPublish'];
export type BlobsToSend = Schemas['BlobsToSend'];
export type GcReport = Schemas['GcReport'];
export type FsckReport = Schemas['FsckReport'];
export type DeploymentInput = Schemas['DeploymentInput'];
export type DeploymentState = Schemas['DeploymentState'];
/** What `schedule` changes. */
export type ScheduleInput = Pick<DeploymentInput, 'priority' | 'replicas' | 'quality' | 'latency' | 'servedMin' | 'placement' | 'apartFrom'>;
export type TrafficInput = Schemas['TrafficInput'];
export type ServiceInput = Schemas['ServiceInput'];
export type ServiceStatus = Schemas['ServiceStatus'];
export type VersionStatus = Schemas['VersionStatus'];
export type ServiceRevision = Schemas['ServiceRevision'];
export type ChangeResult = Schemas['ChangeResult'];
export type SpecChange = Schemas['SpecChange'];
export type Replica = Schemas['Replica'];
export type PlatformEvent = Schemas['Event'];
export type Alert = Schemas['Alert'];
export type AlertsOverview = Schemas['AlertsOverview'];
export type AlertRule = Schemas['AlertRule'];
export type AlertRuleInput = Schemas['AlertRuleInput'];
export type AlertRuleChange = Schemas['AlertRuleChange'];
export type AlertMetric = Schemas['AlertMetric'];
export type CaptureRule = Schemas['CaptureRule'];
export type CaptureInput = Schemas['CaptureInput'];
export type CaptureOverview = Schemas['CaptureOverview'];
export type DriftReport = Schemas['DriftReport'];
export type LogLine = Schemas['LogLine'];
export type LogPage = Schemas['LogPage'];
/** What a stream of logs tells: a line, or how many bytes of which log it left out. */
export type LogMessage = { readonly kind: 'line'; readonly data: LogLine } | { readonly kind: 'skipped'; readonly data: { readonly source: string; readonly bytes: number } };
export type LogQuery = NonNullable<paths['/api/v1/logs']['get']['parameters']['query']>;
export type Feedback = Schemas['Feedback'];
export type FeedbackSummary = Schemas['FeedbackSummary'];
export type Comparison = Schemas['Comparison'];
export type MetricsList = Schemas['MetricsList'];
export type MetricsAnswer = Schemas['MetricsAnswer'];
export type MetricSeries = Schemas['MetricSeries'];
export type IsolationReport = Schemas['IsolationReport'];
export type HostIsolation = Schemas['HostIsolation'];
export type PlatformStatus = Schemas['PlatformStatus'];
export type ImportReport = Schemas['ImportReport'];
export type Explanation = Schemas['Explanation'];
export type Plan = Schemas['Plan'];
export type PlanSummary = Schemas['PlanSummary'];
export type Environment = Schemas['Environment'];

/** How a change is made. */
export interface ChangeOptions {
  /** Say what would change and change nothing. */
  readonly dryRun?: boolean;
  /** Answer when the change serves or has failed, after this many seconds (at most 600) at the latest. */
  readonly waitSeconds?: number;
  /** Kept with the revision. */
  readonly reason?: string;
  /** Refuse with CONFLICT unless the service is at this revision now. */
  readonly expectRevision?: number;
}
