/** Our own service beside the Open Inference Protocol. Written to protocol/feedback.proto by scripts/generate.ts. */
export const FEEDBACK_PROTO = `// Feedback on answers, by the prediction id that each has in its metadata (lepton-prediction-id) and its parameters.
syntax = "proto3";
package lepton.v1;

service Feedback {
  // What is wrong with the entry is the call's status, with the reason in the metadata lepton-code: FEEDBACK_UNKNOWN (NOT_FOUND),
  // FEEDBACK_DUPLICATE (ALREADY_EXISTS), FEEDBACK_TOO_LATE (FAILED_PRECONDITION).
  rpc Send(FeedbackEntry) returns (FeedbackReceipt);
  // At most 1000 entries, each with a result of its own.
  rpc SendBatch(FeedbackBatch) returns (FeedbackResults);
}

// At least one of reward, label and correct.
message FeedbackEntry {
  string prediction_id = 1;
  optional double reward = 2;
  // The true label.
  FeedbackLabel label = 3;
  // Whether the answer was right.
  optional bool correct = 4;
  string comment = 5;
  map<string, FeedbackScalar> metadata = 6;
  // The sender's own id: the same again for the same prediction is a repetition.
  string id = 7;
}
message FeedbackScalar {
  oneof kind {
    string text = 1;
    double number = 2;
    bool boolean = 3;
  }
}
message FeedbackLabel {
  oneof kind {
    string text = 1;
    double number = 2;
    bool boolean = 3;
    FeedbackList list = 4;
  }
}
message FeedbackList { repeated FeedbackScalar values = 1; }

message FeedbackReceipt {
  string prediction_id = 1;
  // It was stored before.
  bool duplicate = 2;
  // Whose answer it is about.
  string service = 3;
  string version = 4;
}

message FeedbackBatch { repeated FeedbackEntry entries = 1; }
message FeedbackResults {
  // In the order of the entries.
  repeated FeedbackResult results = 1;
  int32 accepted = 2;
  int32 duplicates = 3;
  int32 refused = 4;
}
message FeedbackResult {
  string prediction_id = 1;
  bool duplicate = 2;
  string service = 3;
  string version = 4;
  // A status of gRPC; 0: stored.
  int32 status = 5;
  // Of a refusal.
  string code = 6;
  string error = 7;
}
`;
