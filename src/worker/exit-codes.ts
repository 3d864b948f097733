/** Exit codes of the worker program. */
export const WorkerExit = {
  /** It left because it was asked to, or because nobody was in control of it any more. */
  left: 0,
  /** A fault of ours; the log has it. */
  fault: 1,
  /** Its configuration file cannot be used. */
  configuration: 2,
  /** The version cannot be served; the status said why. */
  loadFailed: 3,
  /** It left, but the grace ended before all was answered. */
  unfinished: 4,
} as const;
