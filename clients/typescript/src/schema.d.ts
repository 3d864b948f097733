/** Generated from the server's OpenAPI document by scripts/generate.ts; change the schemas in src/api/management. */

export interface paths {
    "/api/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What rules say of each version, firing ones first. */
        get: operations["listAlerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a rule may be on. */
        get: operations["listAlertMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the rules. */
        get: operations["listAlertRules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/rules/{rule}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One rule. */
        get: operations["getAlertRule"];
        /**
         * Make a rule equal to this declaration.
         * @description The same again changes nothing; a change begins the rule’s states anew.
         */
        put: operations["putAlertRule"];
        post?: never;
        /** Delete a rule and what it said. */
        delete: operations["deleteAlertRule"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/rules/{rule}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a trial to a rule’s webhook.
         * @description Answers when it was taken or given up, which may take minutes.
         */
        post: operations["testAlertRule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/blobs/{digest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a stored file. */
        get: operations["getBlob"];
        /**
         * Store a file, verified as it streams.
         * @description Needs `content-length`. The same content again is a no-op. What arrived of an upload that breaks off is kept for a day: `findMissingBlobs` says where it can go on.
         */
        put: operations["putBlob"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/blobs/missing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Which of these files are not stored yet, and where their uploads can go on. */
        post: operations["findMissingBlobs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/capture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is captured, how much is there and what was left out. */
        get: operations["getCapture"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the Python environments that are here or that versions need. */
        get: operations["listEnvironments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{digest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Offer an interpreter of this machine for an environment.
         * @description It is looked at whenever a worker starts, and used only if every pin is installed in it just so; otherwise the environment is built.
         */
        put: operations["registerInterpreter"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events, oldest first.
         * @description Without `after`: the newest ones. With `accept: text/event-stream` the answer goes on with each new event (server-sent events; `last-event-id` continues).
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fsck": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Read everything back and compare digests. */
        post: operations["checkIntegrity"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Remove files and Python environments that no version needs. */
        post: operations["collectGarbage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import a Triton-style directory of the server’s own file system.
         * @description NAME/VERSION/model.onnx, with or without config.pbtxt. The same directory again changes nothing.
         */
        post: operations["importDirectory"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lines of all logs (control, gateways, replicas), oldest first.
         * @description The newest `tail` lines that fit all conditions; `to` pages back. Secrets are taken out before anything is compared. With `accept: text/event-stream` the answer goes on with each new line (event `line`; `skipped` where a log grew too fast to be sent whole).
         */
        get: operations["queryLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the history of metrics can be asked for, and how it fares. */
        get: operations["listMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics over time, one aligned series for each version and metric.
         * @description Seconds are kept for an hour, minutes for 30 days. Also of versions and services that are gone. A service of which nothing is known gives no series.
         */
        get: operations["queryMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the next plan, of which nothing is done. */
        get: operations["nextPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List executed plans, newest first.
         * @description Plans that changed nothing are not kept.
         */
        get: operations["listPlans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{plan}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show an executed plan with its input. */
        get: operations["getPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/replicas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the replicas that have a log, newest first. */
        get: operations["listReplicas"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/replicas/{replica}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last lines that a replica wrote. */
        get: operations["getReplicaLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the repositories by name. */
        get: operations["listRepositories"];
        put?: never;
        /** Create a repository. */
        post: operations["createRepository"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{repository}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a repository. */
        get: operations["getRepository"];
        put?: never;
        post?: never;
        /** Delete a repository with all its versions. */
        delete: operations["deleteRepository"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{repository}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Compare two versions: files, signature, metadata. */
        get: operations["diffVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{repository}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was done to a repository, newest first. */
        get: operations["getHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{repository}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the labels. */
        get: operations["listLabels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{repository}/labels/{label}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Point a label to a version.
         * @description A label that live traffic follows only moves to a version that is ready wherever it is used.
         */
        put: operations["moveLabel"];
        post?: never;
        /** Delete a label. */
        delete: operations["deleteLabel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{repository}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the versions, oldest first.
         * @description With `limit`: the newest ones, or the oldest of those after `after`.
         */
        get: operations["listVersions"];
        put?: never;
        /**
         * Verify an artefact and publish it as a version.
         * @description Upload the files first: `findMissingBlobs`, then `putBlob` for each. A model that cannot be served is refused and leaves nothing behind.
         */
        post: operations["publishVersion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{repository}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show a version, by its name or a label. */
        get: operations["getVersion"];
        put?: never;
        post?: never;
        /** Delete a version that nothing uses. */
        delete: operations["deleteVersion"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{repository}/versions/{version}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Download a file of a version. */
        get: operations["downloadFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{repository}/versions/{version}/profiles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a version was measured and seen to need, by class of host and threads. */
        get: operations["getProfiles"];
        put?: never;
        post?: never;
        /** Forget what a version was measured to need; its next start measures anew. */
        delete: operations["forgetProfiles"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the services with their state. */
        get: operations["listServices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a service: what is asked for and what is true.
         * @description With `wait` and `revision`: when that revision serves or has failed.
         */
        get: operations["getService"];
        /**
         * Make a service equal to this declaration.
         * @description The same declaration again changes nothing.
         */
        put: operations["applyService"];
        post?: never;
        /** Undeploy a whole service. */
        delete: operations["deleteService"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/capture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Capture a sample of a service’s requests and answers from now on.
         * @description Takes effect within seconds, without a deployment. Off by default.
         */
        put: operations["startCapture"];
        post?: never;
        /** Capture no more; what is captured stays. */
        delete: operations["stopCapture"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Two versions side by side: latency, failures, quality by feedback, cost, and a verdict in words.
         * @description Intervals are of 95 %. Feedback is counted since ever, all else in the window.
         */
        get: operations["compareVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add a version to a service, creating the service if need be.
         * @description The first version gets all traffic; a further one is dark unless `weight` is given.
         */
        post: operations["deploy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/deployments/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a version from a service. */
        delete: operations["undeploy"];
        options?: never;
        head?: never;
        /** Change a version’s priority and replicas. */
        patch: operations["schedule"];
        trace?: never;
    };
    "/api/v1/services/{service}/deployments/{version}/capture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The newest captured requests and answers of a version, oldest first.
         * @description `jsonl` is for `pandas.read_json(file, lines=True)`, `npz` for `numpy.load(file)`.
         */
        get: operations["exportCapture"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/deployments/{version}/capture/reference": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Give a version’s reference, in lines of JSON as `exportCapture` writes them.
         * @description Without one it is the first 1,000 captured answers.
         */
        put: operations["setReference"];
        post?: never;
        /** The next 1,000 captured answers become the reference. */
        delete: operations["resetReference"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/deployments/{version}/drift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a version’s newest inputs and outputs are from its reference, and its mix of labels over time. */
        get: operations["getDrift"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/deployments/{version}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Load, warm, drain or unload one version.
         * @description The traffic of a version that is not loaded goes to those that are. Refused where none of them would answer requests that name no version, unless it is the only version or `force` is true.
         */
        put: operations["setVersionState"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/explanation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Say why a service’s versions get what they get. */
        get: operations["explainService"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Feedback on a service’s answers, oldest first.
         * @description Without `after`: the newest ones. Also of versions that were undeployed and services that were deleted. Feedback is sent to `POST /v2/feedback`.
         */
        get: operations["listFeedback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/feedback/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What feedback says of each version, since ever. */
        get: operations["summariseFeedback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the revisions of a service. */
        get: operations["listRevisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Return to an earlier revision. */
        post: operations["rollback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Load, warm, drain or unload all versions of a service. */
        put: operations["setServiceState"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/traffic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Say which version answers a request that names none. */
        put: operations["setTraffic"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/services/{service}/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a version in the place of another.
         * @description The new one is ready before the old one goes; if it fails, the old one keeps serving.
         */
        post: operations["update"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The platform’s version, addresses and counts. */
        get: operations["getStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Alert: {
            message: string;
            /**
             * @description `GET /alerts/metrics` explains them.
             * @enum {string}
             */
            metric: "request_rate" | "fault_ratio" | "latency_p50" | "latency_p99" | "queue_length" | "in_flight" | "memory" | "replica_failures" | "replicas_missing" | "traffic_share" | "traffic_share_wanted" | "traffic_share_gap" | "feedback_accuracy" | "feedback_reward" | "drift_psi";
            rule: string;
            service: string;
            /** @enum {string} */
            severity: "info" | "warning" | "error";
            /** @description ISO 8601, UTC. */
            since: string;
            /** @enum {string} */
            state: "inactive" | "pending" | "firing" | "resolved";
            /** @description The newest that is known, in the metric’s unit. */
            value: number | null;
            version: string;
        };
        AlertMetric: {
            help: string;
            minSamples: number;
            /**
             * @description `GET /alerts/metrics` explains them.
             * @enum {string}
             */
            name: "request_rate" | "fault_ratio" | "latency_p50" | "latency_p99" | "queue_length" | "in_flight" | "memory" | "replica_failures" | "replicas_missing" | "traffic_share" | "traffic_share_wanted" | "traffic_share_gap" | "feedback_accuracy" | "feedback_reward" | "drift_psi";
            unit: string;
        };
        AlertRule: {
            /** @description ISO 8601, UTC. */
            createdAt: string;
            description: string;
            enabled: boolean;
            event: boolean;
            forMs: number;
            log: boolean;
            /**
             * @description `GET /alerts/metrics` explains them.
             * @enum {string}
             */
            metric: "request_rate" | "fault_ratio" | "latency_p50" | "latency_p99" | "queue_length" | "in_flight" | "memory" | "replica_failures" | "replicas_missing" | "traffic_share" | "traffic_share_wanted" | "traffic_share_gap" | "feedback_accuracy" | "feedback_reward" | "drift_psi";
            minSamples: number;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            name: string;
            /** @enum {string} */
            op: ">" | ">=" | "<" | "<=";
            service: string | null;
            /** @enum {string} */
            severity: "info" | "warning" | "error";
            threshold: number;
            /** @description ISO 8601, UTC. */
            updatedAt: string;
            updatedBy: string;
            version: string | null;
            webhook: {
                url: string;
            } | null;
            windowMs: number;
        };
        AlertRuleChange: {
            /** @enum {string} */
            outcome: "created" | "updated" | "unchanged";
            rule: components["schemas"]["AlertRule"];
        };
        AlertRuleInput: {
            description?: string;
            /** @description Default true. */
            enabled?: boolean;
            /** @description Record events; default true. */
            event?: boolean;
            /** @description How long it must hold before it fires; default 0s. Such as 30s or 5m; a number is milliseconds. */
            for?: string | number;
            /** @description Write to control’s log; default true. */
            log?: boolean;
            /**
             * @description `GET /alerts/metrics` explains them.
             * @enum {string}
             */
            metric: "request_rate" | "fault_ratio" | "latency_p50" | "latency_p99" | "queue_length" | "in_flight" | "memory" | "replica_failures" | "replicas_missing" | "traffic_share" | "traffic_share_wanted" | "traffic_share_gap" | "feedback_accuracy" | "feedback_reward" | "drift_psi";
            /** @description Requests (of feedback: entries) in the window below which nothing is said; default by metric. */
            minSamples?: number;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            name?: string;
            /**
             * @description Default >.
             * @enum {string}
             */
            op?: ">" | ">=" | "<" | "<=";
            /** @description Default: every service. */
            service?: string | null;
            /**
             * @description Default warning.
             * @enum {string}
             */
            severity?: "info" | "warning" | "error";
            /** @description In the metric’s unit. */
            threshold: number;
            /** @description Default: every version, each for itself. */
            version?: string | null;
            /** @description Called when it fires and when that is over. */
            webhook?: {
                /** @description 16 to 256 characters; signs what is sent. Never told again; absent: as it is. */
                secret?: string;
                url: string;
            } | null;
            /** @description What the value is taken over, 5s to 1h; default 1m. Such as 30s or 5m; a number is milliseconds. */
            window?: string | number;
        };
        AlertsOverview: {
            /** @description Firing ones first, of these the newest first. */
            alerts: components["schemas"]["Alert"][];
            evaluatedAt: string | null;
            /** @description Since control started. */
            webhooks: {
                /** @description Since too many waited. */
                dropped: number;
                /** @description Given up after all attempts. */
                failed: number;
                sent: number;
                waiting: number;
            };
        };
        AlertTrial: {
            delivered: boolean;
            problem: string | null;
        };
        Allocation: {
            cpus: number | null;
            reason: string;
            replicas: number;
        };
        ArtefactFile: {
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            /** @description Relative, with `/`, without `.` or `..` parts. */
            path: string;
            /** @description Bytes. */
            size: number;
        };
        BatchingHint: {
            /** @description Largest batch along the first dimension; 0 or 1: no batches. */
            maxBatchSize: number;
            maxDelayMs?: number;
            preferred?: number[];
        };
        BlobDigests: {
            digests: string[];
        };
        BlobStored: {
            created: boolean;
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            /** @description Bytes. */
            size: number;
        };
        BlobsToSend: {
            /** @description Those that are not stored. */
            digests: string[];
            /** @description Of those, the ones whose upload broke off: it can go on at `offset`. */
            partial: components["schemas"]["PartialBlob"][];
        };
        CaptureInput: {
            /** @description How long; default: until it is switched off. */
            forSeconds?: number | null;
            /** @description Of one gateway; default 50. */
            perSecondMax?: number;
            /** @description Share of answers, above 0 to 1. */
            rate: number;
            /** @description Tensors whose values are left out, by name. */
            redact?: string[];
            /** @description A longer tensor is noted without its values; default 65536. */
            tensorBytesMax?: number;
            /** @description Default: every version. */
            versions?: string[] | null;
        };
        CaptureOverview: {
            /** @description Since control started. */
            captured: number;
            /** @description Sampled answers that were left out since a buffer, a second or the disk was full. */
            dropped: number;
            rules: components["schemas"]["CaptureRule"][];
            /** @description Those with captured answers. */
            versions: {
                bytes: number;
                service: string;
                version: string;
            }[];
        };
        CaptureRule: {
            perSecondMax: number;
            rate: number;
            /** @description Tensors without values. */
            redact: string[];
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            service: string;
            tensorBytesMax: number;
            until: string | null;
            versions: string[] | null;
        };
        ChangeResult: {
            /** @description Empty: nothing to do, no new revision. */
            changes: components["schemas"]["SpecChange"][];
            /** @description The revision that is desired now. */
            revision: number;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            service: string;
            /** @description With `wait`: the state at the end of it; null: the service is gone. */
            status?: components["schemas"]["ServiceStatus"] | null;
        };
        ComparedVersion: {
            /** @description Share of answers that were right, of those that feedback judged, since ever. */
            accuracy: {
                count: number;
                high: number;
                low: number;
                value: number;
            } | null;
            /** @description CPU seconds of its workers for 1,000 answered requests. */
            cpuSecondsPer1000: number | null;
            /** @description Failed requests by error code, also those that the client or the load is to blame for. */
            errors: {
                [key: string]: number;
            };
            /** @description Share of requests that failed through no fault of client or load. */
            faults: components["schemas"]["Estimate"] | null;
            /** @description Milliseconds; null: no request was answered. */
            latency: {
                /** @description Share of answers that took at most so long. */
                distribution: {
                    share: number;
                    upTo: number;
                }[];
                mean: number;
                p50: components["schemas"]["Estimate"];
                p95: components["schemas"]["Estimate"];
                p99: components["schemas"]["Estimate"];
            } | null;
            requests: number;
            /** @description Mean reward, since ever. */
            reward: {
                count: number;
                high: number;
                low: number;
                value: number;
            } | null;
            version: string;
        };
        Comparison: {
            a: components["schemas"]["ComparedVersion"];
            accuracyDifference: components["schemas"]["Estimate"] | null;
            b: components["schemas"]["ComparedVersion"];
            /** @description b’s share less a’s; so are the other differences. */
            faultsDifference: components["schemas"]["Estimate"] | null;
            findings: {
                /** @enum {string} */
                about: "latency" | "faults" | "accuracy" | "reward" | "cost";
                /**
                 * @description Of b beside a; unknown: the data do not say.
                 * @enum {string}
                 */
                outcome: "better" | "worse" | "same" | "unknown";
                words: string;
            }[];
            /** @description Seconds since the epoch. */
            from: number;
            rewardDifference: components["schemas"]["Estimate"] | null;
            service: string;
            /** @description That a request to b takes longer than one to a; 0.5: no difference. */
            slowerProbability: components["schemas"]["Estimate"] | null;
            to: number;
            /** @description In plain words, with what is not known yet. */
            verdict: string;
        };
        Condition: {
            message: string;
            reason: string;
            /** @description ISO 8601, UTC. */
            since: string;
            status: boolean;
            /** @enum {string} */
            type: "Ready" | "Progressing" | "Degraded";
        };
        DeploymentInput: {
            apartFrom?: string[] | null;
            batching?: {
                /** @description null: what was measured at load. */
                maxBatch?: number | null;
                /** @description Longest wait for company; 0: take what is queued. */
                maxDelayMs?: number;
                queueLengthMax?: number;
            };
            /** @description Within which so many requests shall be answered. */
            latency?: {
                milliseconds: number;
                /** @description Share of the requests, default 0.99. */
                quantile?: number;
            } | null;
            placement?: {
                [key: string]: string;
            } | null;
            /** @description What one request is worth beside those of other versions where not all can be served, 0 to 1000, default 1; 0: answered with what nobody else wants. */
            priority?: number;
            /** @description Absent: a metric that all versions of the service have, or 1. */
            quality?: (number | string) | null;
            /** @description A number, or {min, max}. With min 0 the version is loaded on demand: it leaves memory after `idleSeconds` (300) without a request, and the next request waits until it is loaded again. */
            replicas?: number | {
                idleSeconds?: number;
                max?: number;
                min: number;
            };
            resources?: {
                /** @description Cores at most, for example 0.5; null: no limit. */
                cpus?: number | null;
                /** @description Bytes, or text such as `512MiB`. */
                memory?: number | string | null;
                /** @description May use the machine's network. Default: false, the version has none. */
                network?: boolean;
                /** @description Processes and threads at most; null: no limit. Default: 512. */
                pids?: number | null;
                /** @description Bytes of temporary files and caches, or text such as `2GiB`. Default and null: 1 GiB. */
                storage?: number | string | null;
                threads?: number;
            };
            servedMin?: number | null;
            /**
             * @description Absent: as it is; loaded if it is new.
             * @enum {string}
             */
            state?: "loaded" | "warm" | "drained" | "unloaded";
            /** @constant */
            target?: "local";
            timeouts?: {
                /** @description Longest wait for requests in flight. */
                drainTimeoutMs?: number;
                /** @description Longest load with known answers and warm-up. */
                loadTimeoutMs?: number;
                /** @description Deadline of a request that brings none. */
                requestTimeoutMs?: number;
                /** @description Longest single run; more counts as hung. */
                runTimeoutMs?: number;
            };
            /** @description `repository:version`; a label in place of the version is resolved now. */
            version: string;
        };
        DeploymentSpec: {
            /** @description Versions that may not be on the same node: names of the same service, or service:version; its own name: at most one replica a node. */
            apartFrom?: string[];
            batching: {
                maxBatch: number | null;
                maxDelayMs: number;
                queueLengthMax: number;
            };
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            latency?: {
                milliseconds: number;
                quantile: number;
            };
            /** @description Labels that a node must have. */
            placement?: {
                [key: string]: string;
            };
            priority: number;
            /** @description Worth of an answer, or the name of a metric in the version’s metadata. */
            quality?: number | string;
            replicas: {
                /** @description With min 0 only. */
                idleSeconds?: number;
                max: number;
                min: number;
            };
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            repository: string;
            resources: {
                cpus: number | null;
                memoryBytes: number | null;
                network: boolean;
                pids: number | null;
                storageBytes: number | null;
                threads: number;
            };
            /** @description Share of the demand that must be served, 0 to 1. */
            servedMin?: number;
            state: components["schemas"]["DeploymentState"];
            /** @constant */
            target: "local";
            timeouts: {
                drainTimeoutMs: number;
                loadTimeoutMs: number;
                requestTimeoutMs: number;
                runTimeoutMs: number;
            };
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            version: string;
        };
        /**
         * @description loaded: takes its traffic. warm: in memory, only requests that name it. drained: in memory, no new requests. unloaded: not in memory.
         * @enum {string}
         */
        DeploymentState: "loaded" | "warm" | "drained" | "unloaded";
        DeployRequest: {
            deployment: components["schemas"]["DeploymentInput"];
            /** @description Refuse with CONFLICT unless the service is at this revision now. */
            expectRevision?: number;
            /** @description Why; kept with the revision. */
            reason?: string;
            /** @description Percent of traffic; the others give it up in proportion. */
            weight?: number;
        };
        DriftReport: {
            /** @description Those that drifted most first. */
            features: components["schemas"]["FeatureDrift"][];
            labelMix: components["schemas"]["LabelMix"][];
            referenceRows: number;
            rows: number;
        };
        /** @description A Python with exact packages; versions that need the same share one. */
        Environment: {
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            /** @description Registered for it on this machine. */
            interpreter: string | null;
            /** @description How far a build is, or why it failed. */
            message: string;
            /** @description Minor version, such as 3.11; empty: not known. */
            python: string;
            /** @description Exact pins, sorted. */
            requirements: string[];
            /** @description Of what was built. */
            sizeBytes: number;
            /**
             * @description adopted: a registered interpreter is tried first. absent: built when a version that needs it starts.
             * @enum {string}
             */
            state: "built" | "adopted" | "building" | "failed" | "absent";
            usedAt: string | null;
            /** @description `repository:version` of those that need it. */
            versions: string[];
        };
        Error: {
            /**
             * @description Stable, for machines; see docs/reference/errors.md.
             * @enum {string}
             */
            code: "INVALID_ARGUMENT" | "METHOD_NOT_ALLOWED" | "UNSUPPORTED_MEDIA_TYPE" | "TOO_LARGE" | "ROUTE_NOT_FOUND" | "REPOSITORY_NOT_FOUND" | "VERSION_NOT_FOUND" | "LABEL_NOT_FOUND" | "BLOB_NOT_FOUND" | "SERVICE_NOT_FOUND" | "MODEL_NOT_FOUND" | "PLAN_NOT_FOUND" | "REVISION_NOT_FOUND" | "ALERT_RULE_NOT_FOUND" | "REPLICA_NOT_FOUND" | "FEEDBACK_UNKNOWN" | "FEEDBACK_DUPLICATE" | "FEEDBACK_TOO_LATE" | "REPOSITORY_EXISTS" | "VERSION_EXISTS" | "IN_USE" | "CONFLICT" | "PRECONDITION_FAILED" | "BLOB_MISSING" | "DIGEST_MISMATCH" | "MODEL_INVALID" | "MODEL_UNSAFE" | "QUEUE_FULL" | "VERSION_NOT_READY" | "REPLICA_FAILED" | "CONTROL_UNAVAILABLE" | "DATABASE_UNAVAILABLE" | "SHUTTING_DOWN" | "DEADLINE_EXCEEDED" | "CANCELLED" | "MODEL_ERROR" | "UNSUPPORTED" | "DATA_DIRECTORY_LOCKED" | "CORRUPT" | "INTERNAL";
            /** @description More facts for machines. */
            details?: {
                [key: string]: unknown;
            };
            /** @description What was wrong, with the value, and what to do. */
            error: string;
        };
        /** @description With its 95 % confidence interval. */
        Estimate: {
            high: number;
            low: number;
            value: number;
        };
        /** @description What one replica needs, and how far to trust it. */
        EstimatedProfile: {
            /**
             * @description What the CPU figure rests on: what serving was seen to cost; what was measured at load; either, on another class of host or with other threads; the size of the files.
             * @enum {string}
             */
            basis: "observed" | "measured" | "elsewhere" | "guess";
            basisMessage: string;
            /** @description At the batch size that it is served with. */
            cpuSecondsPerRequest: number;
            gpus: number;
            /** @description From start to ready, without measuring. */
            loadSeconds: number;
            /** @description The highest that is known. */
            memoryBytes: number;
            /** @description Tensors of a request and its answer. */
            networkBytesPerRequest: number;
            /** @description Standard deviation of the service time by its mean. */
            serviceVariation: number;
            /** @description Of its files, each content counted once. */
            storageBytes: number;
        };
        Event: {
            /** @description A user, or `engine`. */
            actor: string;
            after: string | null;
            /** @description ISO 8601, UTC. */
            at: string;
            before: string | null;
            /** @description Increasing; for paging and following. */
            id: number;
            message: string;
            /** @description CamelCase, stable, for machines. */
            reason: string;
            replica: string | null;
            repository: string | null;
            service: string | null;
            /** @enum {string} */
            severity: "info" | "warning" | "error";
            version: string | null;
        };
        ExplainedVersion: {
            /** @description In force now; null: nothing was decided yet. */
            allocation: components["schemas"]["Allocation"] | null;
            /** @description Requests that wait. */
            backlog: number;
            /** @enum {string} */
            code: "served" | "no-demand" | "dominated" | "cannot-be-placed" | "replicas-max" | "not-worth-it" | "less-valuable" | "no-room";
            /** @description Cores. */
            cpus: number;
            cpuSecondsPerRequest: number;
            /** @description Requests per second that are planned for: a forecast with its error, and what waits. */
            demand: number;
            loadSeconds: number;
            memoryBytesPerReplica: number;
            priority: number;
            /** @description Where these come from. */
            profileBasis: string;
            quality: number;
            /** @description Where the quality comes from. */
            qualityBasis: string;
            /** @description Requests per second that came lately. */
            rate: number;
            replicas: number;
            replicasMax: number;
            replicasMin: number;
            replicasNow: number;
            served: number;
            version: string;
            why: string;
        };
        /** @description Why versions have what the next plan gives them, and what would give them more. */
        Explanation: {
            /** @description What keeps the plan from being better. */
            binding: string[];
            /** @description Minima that can’t all be kept. */
            conflicts: string[];
            /**
             * @description exact: the whole program, proven. relaxed: its relaxation, rounded and packed. greedy: without a solver.
             * @enum {string}
             */
            method: "exact" | "relaxed" | "greedy";
            /** @description Why the method is not a better one; empty otherwise. */
            note: string;
            /** @description What more of a scarce resource would bring; those of this service first. */
            prices: string[];
            service: string;
            versions: components["schemas"]["ExplainedVersion"][];
        };
        FeatureDrift: {
            feature: string;
            /** @enum {string} */
            kind: "numerical" | "categorical";
            /** @description Two-sample Kolmogorov-Smirnov statistic. */
            ks: number | null;
            /** @description Its p-value. */
            ksP: number | null;
            /** @description Population stability index. */
            psi: number | null;
            /** @description What it is on average without drift, with samples of these sizes. */
            psiByChance: number | null;
            referenceSamples: number;
            samples: number;
            /** @enum {string} */
            verdict: "stable" | "shifted" | "drifted" | "not enough data";
        };
        Feedback: {
            comment: string | null;
            /** @description Whether the answer was right. */
            correct: boolean | null;
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            /** @description Increasing; for paging. */
            id: number;
            /** @description The sender’s own id. */
            key: string | null;
            /** @description The true label. */
            label: ((string | number | boolean) | (string | number | boolean)[]) | null;
            metadata: {
                [key: string]: unknown;
            } | null;
            /** @description ISO 8601, UTC. */
            predictedAt: string;
            predictionId: string;
            /** @description ISO 8601, UTC. */
            receivedAt: string;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            repository: string;
            reward: number | null;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            service: string;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            version: string;
        };
        FeedbackSummary: {
            /** @description Entries of all services that are counted, but can’t be listed any more, since only so many are kept. */
            removed: number;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            service: string;
            versions: components["schemas"]["VersionFeedback"][];
        };
        FsckReport: {
            blobs: number;
            bytes: number;
            problems: {
                digest: string | null;
                /** @enum {string} */
                kind: "blob-missing" | "blob-corrupt" | "blob-size" | "manifest-digest" | "manifest-unreadable" | "label-dangling" | "cached-file-corrupt";
                message: string;
                /** @description `repository:version` of everything that is affected. */
                versions: string[];
            }[];
            versions: number;
        };
        GcReport: {
            dryRun: boolean;
            keptBlobs: number;
            keptBytes: number;
            keptEnvironments: number;
            removedBlobs: number;
            removedBytes: number;
            removedDirectories: number;
            removedEnvironmentBytes: number;
            removedEnvironments: number;
        };
        GcRequest: {
            dryRun?: boolean;
            /** @description Younger files stay, since a push may be under way. Default one hour. */
            graceMs?: number;
        };
        HistoryEntry: {
            /** @enum {string} */
            action: "repository-created" | "version-published" | "version-deleted" | "label-moved" | "label-deleted";
            /** @description ISO 8601, UTC. */
            at: string;
            /** @description For labels: the version that it pointed to before. */
            before: string | null;
            by: string;
            digest: string | null;
            label: string | null;
            version: string | null;
        };
        /** @description What this host enforces of workers: limits of CPU, memory, processes and cores, and what they are kept from. */
        HostIsolation: {
            cpu: components["schemas"]["IsolationState"];
            cpuset: components["schemas"]["IsolationState"];
            files: components["schemas"]["IsolationState"];
            memory: components["schemas"]["IsolationState"];
            network: components["schemas"]["IsolationState"];
            pids: components["schemas"]["IsolationState"];
            privileges: components["schemas"]["IsolationState"];
            storage: components["schemas"]["IsolationState"];
            user: components["schemas"]["IsolationState"];
        };
        /** @description What is known of a version on one class of host with one number of threads. */
        HostProfile: {
            /** @description The class of this platform’s own host. */
            here: boolean;
            /** @description CPU model, cores, GiB, and a hash that holds the platform’s release too. */
            hostClass: string;
            /** @description At load; null: never on this class of host. */
            measured: components["schemas"]["MeasuredProfile"] | null;
            /** @description null: no request was answered yet. */
            observed: components["schemas"]["ObservedProfile"] | null;
            scheduler: components["schemas"]["EstimatedProfile"];
            threads: number;
        };
        ImportReport: {
            models: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                name: string;
                /** @description The service that was made or extended. */
                service: string | null;
                versions: {
                    message: string;
                    /** @enum {string} */
                    outcome: "created" | "unchanged" | "failed";
                    version: string;
                }[];
            }[];
            /** @description What could not be imported, one text for each cause; the rest was. */
            problems: string[];
            /** @description What was imported, but is not served as its files say. */
            warnings: string[];
        };
        ImportRequest: {
            /** @description Also make a service for each model. Default true. */
            deploy?: boolean;
            /** @description Absolute path of a Triton-style directory NAME/VERSION/model.onnx **on the server**. */
            directory: string;
        };
        InterpreterRegistration: {
            /** @description Absolute path of a Python **on the server’s machine**. */
            interpreter: string;
        };
        /** @description What workers are kept from: the network, files of others, other users' processes, storage without bounds, privileges. */
        IsolationReport: {
            files: components["schemas"]["IsolationState"];
            network: components["schemas"]["IsolationState"];
            privileges: components["schemas"]["IsolationState"];
            storage: components["schemas"]["IsolationState"];
            user: components["schemas"]["IsolationState"];
        };
        IsolationState: {
            /** @description What makes it hold, such as `namespace`; `none`. */
            by: string;
            enforced: boolean;
            /** @description Why it does not hold; empty when it does. */
            reason: string;
        };
        /** @description A movable pointer to a version. */
        Label: {
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            label: string;
            /** @description ISO 8601, UTC. */
            movedAt: string;
            movedBy: string;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            repository: string;
            version: string;
        };
        LabelMix: {
            feature: string;
            from: string;
            labels: {
                count: number;
                label: string;
            }[];
            samples: number;
            to: string;
        };
        LabelMove: {
            /** @description Version that it must point to now, null: must not exist; otherwise CONFLICT. */
            expect?: string | null;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            version: string;
        };
        LimitState: {
            /** @enum {string} */
            by: "cgroup v1" | "cgroup v2" | "rlimit" | "namespace" | "none";
            inForce: boolean;
            /** @enum {string} */
            limit: "memoryBytes" | "cpuWeight" | "cpus" | "cpuset" | "pids";
            /** @description A worker that starts anew would have it. */
            needsRestart: boolean;
            /** @description Why it does not hold, or how it holds in a weaker way; empty otherwise. */
            reason: string;
            /** @description null: no limit. */
            wanted: (number | string) | null;
        };
        /** @description What a worker measured when it loaded. */
        LoadProfile: {
            batchable: boolean;
            batchableReason: string;
            bestBatch: number;
            /** @description A single row and the best batch with each number of threads that was tried. */
            byThreads: components["schemas"]["ThreadMeasurement"][];
            /** @enum {string} */
            check: "known-answer" | "smoke" | "inconclusive";
            checkMessage: string;
            /** @description CPU milliseconds of a run, over all threads, by batch size. */
            cpuMsByBatch: {
                [key: string]: number;
            };
            /** @description Median milliseconds of a run by batch size. */
            latencyMsByBatch: {
                [key: string]: number;
            };
            /** @description From spawn to ready. */
            loadMs: number;
            /** @description Of these, what measuring took. */
            measureMs: number;
            /**
             * @description kept: an earlier start on this class of host had measured; only load, check and memory are this start’s own.
             * @enum {string}
             */
            origin: "measured" | "kept";
            /** @description Most memory in RAM up to then. */
            peakBytes: number;
            residentBytes: number;
        };
        LogLine: {
            /** @description ISO 8601, UTC. */
            at: string;
            /** @description The other fields of a line of JSON. */
            fields: {
                [key: string]: unknown;
            };
            /** @enum {string} */
            level: "debug" | "info" | "warn" | "error";
            /** @description As written, without secrets; may hold any character. */
            message: string;
            predictionId: string | null;
            /**
             * @description Who wrote it.
             * @enum {string}
             */
            process: "worker" | "gateway" | "control";
            replica: string | null;
            requestId: string | null;
            service: string | null;
            version: string | null;
        };
        LogPage: {
            /** @description false: there are, or may be, older lines that fit. */
            complete: boolean;
            lines: components["schemas"]["LogLine"][];
        };
        MeasuredProfile: {
            batchable: boolean;
            batchableReason: string;
            bestBatch: number;
            /** @description A single row and the best batch with each number of threads that was tried. */
            byThreads: components["schemas"]["ThreadMeasurement"][];
            /** @enum {string} */
            check: "known-answer" | "smoke" | "inconclusive";
            checkMessage: string;
            /** @description CPU milliseconds of a run, over all threads, by batch size. */
            cpuMsByBatch: {
                [key: string]: number;
            };
            /** @description From spawn to ready of the newest start that had nothing to measure. */
            keptLoadMs: number | null;
            /** @description Median milliseconds of a run by batch size. */
            latencyMsByBatch: {
                [key: string]: number;
            };
            /** @description From spawn to ready. */
            loadMs: number;
            /** @description ISO 8601, UTC. */
            measuredAt: string;
            /** @description Of these, what measuring took. */
            measureMs: number;
            /**
             * @description kept: an earlier start on this class of host had measured; only load, check and memory are this start’s own.
             * @enum {string}
             */
            origin: "measured" | "kept";
            /** @description Most memory in RAM up to then. */
            peakBytes: number;
            residentBytes: number;
        };
        MetricsAnswer: {
            /** @description Start of the first step, seconds since the epoch: a multiple of `step`. */
            from: number;
            series: components["schemas"]["MetricSeries"][];
            /** @description Seconds of a step. */
            step: number;
            /** @description End of the last step. */
            to: number;
        };
        MetricSeries: {
            /** @description One of `GET /api/v1/metrics`. */
            metric: string;
            service: string;
            /** @description `1` (a count), requests, requests/s, rows, ms, s, cores, bytes, replicas, ratio (0 to 1). */
            unit: string;
            /** @description One a step, the first at `from`; null: nothing is known of it, which is not 0. */
            values: (number | null)[];
            /** @description null: the service as a whole. */
            version: string | null;
        };
        MetricsList: {
            history: {
                /** @description `monitoring.historyBytesMax`. */
                bytesMax: number;
                /** @description Reports of gateways and engine that could not be kept, since control started. */
                droppedReports: number;
                /** @description Why the last write failed; null: it did not. */
                problem: string | null;
                /** @description Of its file on disk. */
                usedBytes: number;
            };
            metrics: {
                help: string;
                /** @description One of `GET /api/v1/metrics`. */
                name: string;
                /** @description `1` (a count), requests, requests/s, rows, ms, s, cores, bytes, replicas, ratio (0 to 1). */
                unit: string;
            }[];
        };
        ObservedProfile: {
            peakBytes: number;
            /** @description null: too little was seen. */
            rates: components["schemas"]["ObservedRates"] | null;
            requests: number;
            /** @description ISO 8601, UTC. */
            since: string;
            /** @description ISO 8601, UTC. */
            updatedAt: string;
        };
        /** @description What serving was seen to cost, newer requests first. */
        ObservedRates: {
            /** @description By row. */
            cpuSecondsPerItem: number;
            cpuSecondsPerRequest: number;
            itemsPerRequest: number;
            networkBytesPerRequest: number;
            requestsPerRun: number;
            rowsPerRun: number;
            /** @description Mean of a run. */
            runSeconds: number;
            /** @description Standard deviation of a run by its mean. */
            serviceVariation: number;
        };
        PartialBlob: {
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            /** @description Bytes that are here. */
            offset: number;
        };
        /** @description Who gets how much of the machine. */
        Plan: {
            /** @description ISO 8601, UTC. */
            at: string;
            /** @description No plan is better; null: no solver said. */
            bound: number | null;
            /** @description What it changed, in words. */
            changes: string[];
            /** @description Minima that can’t all be kept; empty: all are. */
            conflicts: string[];
            /** @description How far the objective may be from the best, as a share of the bound. */
            gap: number | null;
            /** @description null: not executed. */
            id: number | null;
            /** @description All that it was decided from; "Infinity" stands for a limit that isn’t there. */
            input: {
                [key: string]: unknown;
            };
            /**
             * @description exact: the whole program, proven. relaxed: its relaxation, rounded and packed. greedy: without a solver.
             * @enum {string}
             */
            method: "exact" | "relaxed" | "greedy";
            moves: components["schemas"]["PlannedMove"][];
            nodes: components["schemas"]["PlannedNode"][];
            /** @description Why the method is not a better one; empty otherwise. */
            note: string;
            objective: number;
            solveMs: number;
            /** @description Why it was made. */
            trigger: string;
            versions: components["schemas"]["PlannedVersion"][];
        };
        PlannedMove: {
            /** @enum {string} */
            kind: "start" | "stop";
            node: string;
            replicas: number;
            version: string;
        };
        PlannedNode: {
            cpus: number;
            cpusUsed: number;
            memoryBytes: number;
            memoryUsed: number;
            name: string;
        };
        PlannedVersion: {
            /** @enum {string} */
            code: "served" | "no-demand" | "dominated" | "cannot-be-placed" | "replicas-max" | "not-worth-it" | "less-valuable" | "no-room";
            /** @description Cores. */
            cpus: number;
            /** @description Requests per second that are planned for. */
            demand: number;
            /** @description `service:version` */
            id: string;
            memoryBytes: number;
            /** @description What one request is worth beside those of others. */
            priority: number;
            quality: number;
            replicas: number;
            /** @description When it was made. */
            replicasNow: number;
            /** @description Of these, served. */
            served: number;
            service: string;
            version: string;
            why: string;
        };
        PlanSummary: {
            /** @description ISO 8601, UTC. */
            at: string;
            /** @description What it changed, in words. */
            changes: string[];
            /** @description Minima that could not all be kept. */
            conflicts: number;
            /** @description Grows with each executed plan. */
            id: number;
            /**
             * @description exact: the whole program, proven. relaxed: its relaxation, rounded and packed. greedy: without a solver.
             * @enum {string}
             */
            method: "exact" | "relaxed" | "greedy";
            objective: number;
            solveMs: number;
            /** @description Why it was made. */
            trigger: string;
        };
        PlatformStatus: {
            counts: {
                replicasFailed: number;
                replicasReady: number;
                repositories: number;
                services: number;
                versions: number;
            };
            /** @enum {string} */
            database: "sqlite" | "postgres";
            dataDirectory: string;
            grpcAddress: string | null;
            httpUrl: string | null;
            isolation: components["schemas"]["HostIsolation"];
            platformVersion: string;
            /** @description ISO 8601, UTC. */
            startedAt: string;
            uptimeSeconds: number;
        };
        PublishResult: {
            /** @description false: the same content was there under this name already. */
            created: boolean;
            version: components["schemas"]["Version"];
        };
        ReferenceResult: {
            /** @description 0: the answers from now on become the reference. */
            rows: number;
        };
        RegisteredInterpreter: {
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            interpreter: string;
            /** @description Its minor version. */
            python: string;
        };
        Replica: {
            cpuSeconds: number | null;
            id: string;
            isolation: components["schemas"]["IsolationReport"] | null;
            limits: components["schemas"]["LimitState"][];
            /** @description The most memory that was charged to it; null: not counted on this host. */
            memoryPeakBytes: number | null;
            message: string;
            /** @description Through its own network namespace; null where it uses the machine's. */
            networkReceivedBytes: number | null;
            networkSentBytes: number | null;
            /** @enum {string} */
            phase: "pending" | "starting" | "ready" | "draining" | "stopped" | "failed";
            pid: number | null;
            processes: number | null;
            reason: string;
            residentBytes: number | null;
            service: string;
            /** @description ISO 8601, UTC. */
            since: string;
            /** @description Of temporary files and caches. */
            storageBytes: number | null;
            /** @description Over all its processes. */
            threads: number | null;
            /** @description How long it waited for its CPU quota. */
            throttledSeconds: number | null;
            version: string;
        };
        ReplicaLog: {
            replica: string;
            text: string;
        };
        ReplicaStatus: {
            cpuSeconds: number | null;
            id: string;
            isolation: components["schemas"]["IsolationReport"] | null;
            limits: components["schemas"]["LimitState"][];
            /** @description The most memory that was charged to it; null: not counted on this host. */
            memoryPeakBytes: number | null;
            message: string;
            /** @description Through its own network namespace; null where it uses the machine's. */
            networkReceivedBytes: number | null;
            networkSentBytes: number | null;
            /** @enum {string} */
            phase: "pending" | "starting" | "ready" | "draining" | "stopped" | "failed";
            pid: number | null;
            processes: number | null;
            reason: string;
            residentBytes: number | null;
            /** @description ISO 8601, UTC. */
            since: string;
            /** @description Of temporary files and caches. */
            storageBytes: number | null;
            /** @description Over all its processes. */
            threads: number | null;
            /** @description How long it waited for its CPU quota. */
            throttledSeconds: number | null;
        };
        /** @description The history of one model. */
        Repository: {
            /** @description ISO 8601, UTC. */
            createdAt: string;
            createdBy: string;
            description: string;
            /** @description Label → version. */
            labels: {
                [key: string]: string;
            };
            /** @description The version published last. */
            latestVersion: string | null;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            name: string;
            versionCount: number;
        };
        RepositoryCreate: {
            description?: string;
            /** @description An existing one is answered, not refused. */
            ifNotExists?: boolean;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            name: string;
        };
        RollbackRequest: {
            /** @description Refuse with CONFLICT unless the service is at this revision now. */
            expectRevision?: number;
            /** @description Why; kept with the revision. */
            reason?: string;
            /** @description Absent or null: the one before the current. */
            revision?: number | null;
        };
        ScheduleRequest: {
            apartFrom?: string[] | null;
            /** @description Refuse with CONFLICT unless the service is at this revision now. */
            expectRevision?: number;
            /** @description Within which so many requests shall be answered. */
            latency?: {
                milliseconds: number;
                /** @description Share of the requests, default 0.99. */
                quantile?: number;
            } | null;
            placement?: {
                [key: string]: string;
            } | null;
            /** @description What one request is worth beside those of other versions where not all can be served, 0 to 1000, default 1; 0: answered with what nobody else wants. */
            priority?: number;
            /** @description Absent: a metric that all versions of the service have, or 1. */
            quality?: (number | string) | null;
            /** @description Why; kept with the revision. */
            reason?: string;
            /** @description A number, or {min, max}. With min 0 the version is loaded on demand: it leaves memory after `idleSeconds` (300) without a request, and the next request waits until it is loaded again. */
            replicas?: number | {
                idleSeconds?: number;
                max?: number;
                min: number;
            };
            servedMin?: number | null;
        };
        /** @description Declarative form of a service; the same again changes nothing. */
        ServiceInput: {
            deployments: components["schemas"]["DeploymentInput"][];
            /** @description Refuse with CONFLICT unless the service is at this revision now. */
            expectRevision?: number;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            name?: string;
            /** @description Why; kept with the revision. */
            reason?: string;
            traffic?: components["schemas"]["TrafficInput"];
        };
        ServiceRevision: {
            /** @description ISO 8601, UTC. */
            createdAt: string;
            createdBy: string;
            reason: string;
            revision: number;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            service: string;
            spec: components["schemas"]["ServiceSpec"];
        };
        ServiceSpec: {
            deployments: components["schemas"]["DeploymentSpec"][];
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            name: string;
            traffic: components["schemas"]["TrafficPolicy"];
        };
        ServiceStatus: {
            conditions: components["schemas"]["Condition"][];
            /** @description ISO 8601, UTC. */
            createdAt: string;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            name: string;
            /** @description Newest revision that the engine has looked at. */
            observedRevision: number;
            /** @description Newest revision asked for. */
            revision: number;
            /** @description Revision whose traffic policy is in force. */
            servingRevision: number | null;
            spec: components["schemas"]["ServiceSpec"];
            /** @description ISO 8601, UTC. */
            updatedAt: string;
            versions: components["schemas"]["VersionStatus"][];
        };
        /** @description What a version takes and gives, read from the model itself. */
        Signature: {
            inputs: components["schemas"]["TensorSpec"][];
            outputs: components["schemas"]["TensorSpec"][];
        };
        SpecChange: {
            from?: unknown;
            path: string;
            to?: unknown;
        };
        StateRequest: {
            /** @description Refuse with CONFLICT unless the service is at this revision now. */
            expectRevision?: number;
            /** @description Also where nobody is left to answer requests that name no version. */
            force?: boolean;
            /** @description Why; kept with the revision. */
            reason?: string;
            state: components["schemas"]["DeploymentState"];
        };
        /** @description Requests with the same value of this header or request parameter get the same version. */
        StickyKey: {
            header: string;
        } | {
            parameter: string;
        };
        TensorSpec: {
            /** @enum {string} */
            datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
            /** @description Names of symbolic dimensions by position; empty: unnamed. */
            dimensionNames?: string[];
            name: string;
            /** @description -1: the request chooses. */
            shape: number[];
            /**
             * @description The model does not say what it takes or gives: any datatype and shape passes.
             * @constant
             */
            untyped?: true;
        };
        ThreadMeasurement: {
            batch: number;
            /** @description Over all threads. */
            cpuMs: number;
            latencyMs: number;
            threads: number;
        };
        /** @description Exactly one of weights, version and label. */
        TrafficInput: {
            /** @description Answers metadata without a version. Absent and null as with sticky. */
            default?: string | null;
            /** @description All to the version that this label points to. */
            label?: string;
            ranges?: {
                [key: string]: {
                    max?: number;
                    min?: number;
                };
            } | null;
            /** @description With weights only. Absent: none, but setTraffic from weights to weights keeps what was; null: none. */
            sticky?: components["schemas"]["StickyKey"] | null;
            /** @description All to this version. */
            version?: string;
            /** @description Percent by version, sum 100; 0: dark. */
            weights?: {
                [key: string]: number;
            };
        };
        TrafficPolicy: {
            defaultVersion: string | null;
            /** @constant */
            kind: "weights";
            /** @description Percents between which the scheduler may move traffic. */
            ranges?: {
                [key: string]: {
                    max: number;
                    min: number;
                };
            };
            sticky: components["schemas"]["StickyKey"] | null;
            /** @description Percent by version. */
            weights: {
                [key: string]: number;
            };
        } | {
            defaultVersion: string | null;
            /** @constant */
            kind: "version";
            version: string;
        } | {
            defaultVersion: string | null;
            /** @constant */
            kind: "label";
            label: string;
            repository: string;
        };
        TrafficRequest: {
            /** @description Refuse with CONFLICT unless the service is at this revision now. */
            expectRevision?: number;
            /** @description Why; kept with the revision. */
            reason?: string;
            traffic: components["schemas"]["TrafficInput"];
        };
        UpdateRequest: {
            deployment: components["schemas"]["DeploymentInput"];
            /** @description Refuse with CONFLICT unless the service is at this revision now. */
            expectRevision?: number;
            /** @description The version to replace; absent: the only one, or the one with all traffic. */
            from?: string;
            /** @description Why; kept with the revision. */
            reason?: string;
        };
        /** @description Immutable; its digest is its identity. */
        Version: {
            /** @description ISO 8601, UTC. */
            createdAt: string;
            createdBy: string;
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            manifest: components["schemas"]["VersionManifest"];
            parentVersion: string | null;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            repository: string;
            /** @description Sum of the files. */
            sizeBytes: number;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            version: string;
        };
        VersionDemand: {
            batches: number;
            /** @description Rows of the batches that are formed now: what the spec asks for, or else what serving has found best. */
            batchRows: number;
            digest: string;
            failures: number;
            /** @description Requests that replicas have. */
            inFlight: number;
            latencyP50Ms: number | null;
            latencyP99Ms: number | null;
            queueLength: number;
            /** @description Of these, refused because the queue was full. */
            refused: number;
            /** @description Since the gateway started: answered, failed or refused. */
            requests: number;
            service: string;
            version: string;
            work: components["schemas"]["WorkDone"];
        };
        VersionDiff: {
            files: {
                /** @enum {string} */
                change: "added" | "removed" | "changed";
                from?: components["schemas"]["ArtefactFile"];
                path: string;
                to?: components["schemas"]["ArtefactFile"];
            }[];
            from: string;
            identical: boolean;
            metadata: {
                /** @enum {string} */
                change: "added" | "removed" | "changed";
                from?: unknown;
                key: string;
                to?: unknown;
            }[];
            signature: {
                /** @enum {string} */
                change: "added" | "removed" | "changed";
                from?: string;
                name: string;
                /** @enum {string} */
                side: "input" | "output";
                to?: string;
            }[];
            to: string;
        };
        VersionFeedback: {
            /** @description Of those that say whether the answer was right. */
            correct: {
                /** @description 0 to 1. */
                accuracy: number;
                correct: number;
                count: number;
            } | null;
            count: number;
            /** @description `sha256:` and 64 hexadecimal digits. */
            digest: string;
            /** @description ISO 8601, UTC. */
            firstAt: string;
            /** @description Those with a true label. */
            labels: number;
            /** @description ISO 8601, UTC. */
            lastAt: string;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            repository: string;
            /** @description null: nobody gave one. */
            reward: {
                count: number;
                /** @description Sample standard deviation; null below two. */
                deviation: number | null;
                mean: number;
                sum: number;
            } | null;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            version: string;
        };
        VersionManifest: {
            batching: components["schemas"]["BatchingHint"] | null;
            /** @description The file that the runtime opens. */
            entry: string;
            files: components["schemas"]["ArtefactFile"][];
            /** @enum {string} */
            format: "onnx" | "torchscript" | "torch-export" | "tensorflow" | "keras" | "sklearn" | "xgboost" | "lightgbm" | "python";
            /** @description Free facts: metrics of training, source, licence. */
            metadata: {
                [key: string]: unknown;
            };
            /** @description Facts read from the artefact: producer, opset, IR version; of Python formats python and requirements. */
            model: {
                [key: string]: unknown;
            };
            parent: string | null;
            /** @constant */
            schema: 1;
            signature: components["schemas"]["Signature"];
        };
        VersionProfiles: {
            digest: string;
            /** @description Of this platform’s own host. */
            hostClass: string;
            /** @description This class of host first; empty: it has never run. */
            profiles: components["schemas"]["HostProfile"][];
            /** @description Of its files, each content counted once. */
            storageBytes: number;
        };
        VersionPublish: {
            /** @description Why files are taken that would run code when they are loaded; kept in the metadata. Absent: they are refused. */
            allowUnsafe?: string;
            batching?: components["schemas"]["BatchingHint"] | null;
            /** @description Create the repository if it is not there. */
            createRepository?: boolean;
            /** @description Their content must have been uploaded. */
            files: components["schemas"]["ArtefactFile"][];
            /**
             * @description Absent: recognised from the files.
             * @enum {string}
             */
            format?: "onnx" | "torchscript" | "torch-export" | "tensorflow" | "keras" | "sklearn" | "xgboost" | "lightgbm" | "python";
            /** @description At most 64 KiB of JSON. */
            metadata?: {
                [key: string]: unknown;
            };
            /** @description Version or label of the same repository; absent: the newest version; null: none. */
            parent?: string | null;
            /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
            version: string;
        };
        VersionStatus: {
            demand: components["schemas"]["VersionDemand"] | null;
            /** @description false: serving or draining until its successor is ready. */
            desired: boolean;
            digest: string;
            message: string;
            needs: components["schemas"]["EstimatedProfile"];
            /** @description Replicas that ended for want of memory, since control started. */
            outOfMemory: number;
            /** @enum {string} */
            phase: "ready" | "recovering" | "asleep" | "waking" | "starting" | "failed" | "draining" | "drained" | "unloaded";
            priority: number;
            profile: components["schemas"]["LoadProfile"] | null;
            reason: string;
            replicas: components["schemas"]["ReplicaStatus"][];
            replicasDesired: number;
            repository: string;
            restarts: number;
            state: components["schemas"]["DeploymentState"];
            version: string;
            /** @description Limits that were asked for and do not hold, or not as they should. */
            warnings: string[];
            /** @description Percent of version-less traffic that it gets now. */
            weight: number;
        };
        /** @description What workers have run, summed since the gateway began to count; bytes are those of tensors. */
        WorkDone: {
            inputBytes: number;
            outputBytes: number;
            requests: number;
            rows: number;
            runs: number;
            runSeconds: number;
            runSecondsSquared: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listAlerts: {
        parameters: {
            query?: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                rule?: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service?: string;
                state?: "inactive" | "pending" | "firing" | "resolved";
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertsOverview"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listAlertMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertMetric"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listAlertRules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getAlertRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                rule: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ALERT_RULE_NOT_FOUND: No alert rule has this name. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    putAlertRule: {
        parameters: {
            query?: {
                /** @description Say what would change and change nothing. */
                dryRun?: boolean;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                rule: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AlertRuleInput"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRuleChange"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description DATABASE_UNAVAILABLE: The database does not answer; inference goes on, management does not. Try again after `retry-after` seconds. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    deleteAlertRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                rule: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ALERT_RULE_NOT_FOUND: No alert rule has this name. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description DATABASE_UNAVAILABLE: The database does not answer; inference goes on, management does not. Try again after `retry-after` seconds. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    testAlertRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                rule: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertTrial"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ALERT_RULE_NOT_FOUND: No alert rule has this name. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getBlob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `sha256:` and 64 hexadecimal digits. */
                digest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description BLOB_NOT_FOUND: No stored file has this digest; upload it first. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    putBlob: {
        parameters: {
            query?: {
                /** @description The body is the file from this byte on; as many must be here, else CONFLICT. */
                offset?: number;
            };
            header?: never;
            path: {
                /** @description `sha256:` and 64 hexadecimal digits. */
                digest: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlobStored"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description TOO_LARGE: The body, frame or file is over its limit; the message names the limit and the setting that raises it. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UNSUPPORTED_MEDIA_TYPE: The body has a content type or encoding that this endpoint does not read. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description DIGEST_MISMATCH: The content does not have the SHA-256 or size that was announced; send it again. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    findMissingBlobs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BlobDigests"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlobsToSend"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getCapture: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaptureOverview"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listEnvironments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Environment"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    registerInterpreter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `sha256:` and 64 hexadecimal digits. */
                digest: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InterpreterRegistration"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegisteredInterpreter"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description Only events with a greater id. */
                after?: number;
                /** @description Default 100. */
                limit?: number;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository?: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service?: string;
                /** @description This one and the graver ones. */
                severity?: "info" | "warning" | "error";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"][];
                    "text/event-stream": string;
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    checkIntegrity: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FsckReport"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    collectGarbage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GcRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GcReport"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    importDirectory: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportReport"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    queryLogs: {
        parameters: {
            query?: {
                /** @description No older lines. ISO 8601, for example 2026-01-31T12:00:00Z. */
                from?: string;
                /** @description This one and the graver ones. */
                level?: "debug" | "info" | "warn" | "error";
                predictionId?: string;
                /** @description Who wrote it. */
                process?: "worker" | "gateway" | "control";
                replica?: string;
                requestId?: string;
                /** @description Text that a line contains; case does not matter. */
                search?: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service?: string;
                /** @description Default 100. */
                tail?: number;
                /** @description No later lines. ISO 8601, for example 2026-01-31T12:00:00Z. */
                to?: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogPage"];
                    "text/event-stream": string;
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricsList"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    queryMetrics: {
        parameters: {
            query?: {
                /** @description `service`: its versions taken together. Default version. */
                by?: "version" | "service";
                /** @description ISO 8601, seconds since the epoch, or so long before now: `-90s`, `-15m`, `-24h`, `-30d`. Default 15 minutes before `to`. */
                from?: string;
                /** @description Several with commas between them; default requests,errors,latency_p50,latency_p95,latency_p99. */
                metric?: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service?: string;
                /** @description Seconds; 0: the whole window is one step. Default: one that gives at most 300 steps. Whole minutes where `from` is more than an hour ago. */
                step?: number;
                /** @description ISO 8601, seconds since the epoch, or so long before now: `-90s`, `-15m`, `-24h`, `-30d`. Default now. */
                to?: string;
                /** @description Several with commas between them; absent: all. */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricsAnswer"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description DATABASE_UNAVAILABLE: The database does not answer; inference goes on, management does not. Try again after `retry-after` seconds. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    nextPlan: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listPlans: {
        parameters: {
            query?: {
                /** @description Only plans with a smaller id. */
                before?: number;
                /** @description Default 20. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanSummary"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                plan: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PLAN_NOT_FOUND: No executed plan of the scheduler with this id is kept; list them with `lepton-ai plan --list`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listReplicas: {
        parameters: {
            query?: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service?: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replica"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getReplicaLog: {
        parameters: {
            query?: {
                /** @description Default 65536. */
                tailBytes?: number;
            };
            header?: never;
            path: {
                replica: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplicaLog"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPLICA_NOT_FOUND: No replica has this id, or its log has expired. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listRepositories: {
        parameters: {
            query?: {
                /** @description Only those whose names come after this one. */
                after?: string;
                /** @description Absent: all of them. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Repository"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    createRepository: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RepositoryCreate"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Repository"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_EXISTS: A repository of this name exists already. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getRepository: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Repository"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    deleteRepository: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description IN_USE: A service, label or child still uses it; the message names them. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    diffVersions: {
        parameters: {
            query: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                from: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                to: string;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionDiff"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getHistory: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryEntry"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listLabels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Label"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    moveLabel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                label: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LabelMove"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Label"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    deleteLabel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                label: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. LABEL_NOT_FOUND: The repository has no such label. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description IN_USE: A service, label or child still uses it; the message names them. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listVersions: {
        parameters: {
            query?: {
                /** @description Only those published after this one (a version or label). */
                after?: string;
                /** @description Only those published before this one. */
                before?: string;
                /** @description Absent: all of them. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    publishVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VersionPublish"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublishResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description VERSION_EXISTS: A version of this name exists with other content; versions are immutable, choose another name. CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description BLOB_MISSING: A manifest names files whose content was never uploaded. MODEL_INVALID: The artefact is not a model that can be served; the message gives the reason. Nothing was stored. MODEL_UNSAFE: Files of the artefact would run code when they are loaded; the message names file and global. Nothing was stored. `push --allow-unsafe REASON` takes it all the same, on record. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UNSUPPORTED: This build or host cannot do that; the message says what is missing. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    deleteVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description IN_USE: A service, label or child still uses it; the message names them. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    downloadFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Path inside the artefact. */
                path: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. BLOB_NOT_FOUND: No stored file has this digest; upload it first. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getProfiles: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionProfiles"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    forgetProfiles: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                repository: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description REPOSITORY_NOT_FOUND: No repository has this name; list them with `lepton-ai versions`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listServices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceStatus"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getService: {
        parameters: {
            query?: {
                revision?: number;
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceStatus"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    applyService: {
        parameters: {
            query?: {
                /** @description Say what would change and change nothing. */
                dryRun?: boolean;
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceInput"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    deleteService: {
        parameters: {
            query?: {
                /** @description Say what would change and change nothing. */
                dryRun?: boolean;
                /** @description Refuse with CONFLICT unless the service is at this revision now. */
                expectRevision?: number;
                /** @description Also while it has traffic. */
                force?: boolean;
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    startCapture: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CaptureInput"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaptureRule"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description DATABASE_UNAVAILABLE: The database does not answer; inference goes on, management does not. Try again after `retry-after` seconds. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    stopCapture: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description DATABASE_UNAVAILABLE: The database does not answer; inference goes on, management does not. Try again after `retry-after` seconds. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    compareVersions: {
        parameters: {
            query: {
                /** @description The version that is there. */
                a: string;
                /** @description The version that is to be better. */
                b: string;
                /** @description ISO 8601, seconds since the epoch, or so long before now: `-90s`, `-15m`, `-24h`, `-30d`. Default an hour before `to`. */
                from?: string;
                /** @description ISO 8601, seconds since the epoch, or so long before now: `-90s`, `-15m`, `-24h`, `-30d`. Default now. */
                to?: string;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comparison"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description DATABASE_UNAVAILABLE: The database does not answer; inference goes on, management does not. Try again after `retry-after` seconds. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    deploy: {
        parameters: {
            query?: {
                /** @description Say what would change and change nothing. */
                dryRun?: boolean;
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeployRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    undeploy: {
        parameters: {
            query?: {
                /** @description Say what would change and change nothing. */
                dryRun?: boolean;
                /** @description Refuse with CONFLICT unless the service is at this revision now. */
                expectRevision?: number;
                /** @description Also while it has traffic. */
                force?: boolean;
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    schedule: {
        parameters: {
            query?: {
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScheduleRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    exportCapture: {
        parameters: {
            query?: {
                format?: "jsonl" | "npz";
                /** @description Default 10000. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/jsonl": string;
                    "application/octet-stream": string;
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    setReference: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReferenceResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description TOO_LARGE: The body, frame or file is over its limit; the message names the limit and the setting that raises it. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UNSUPPORTED_MEDIA_TYPE: The body has a content type or encoding that this endpoint does not read. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resetReference: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReferenceResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getDrift: {
        parameters: {
            query?: {
                /** @description Newest captured answers that are looked at; default 1000. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DriftReport"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    setVersionState: {
        parameters: {
            query?: {
                /** @description Say what would change and change nothing. */
                dryRun?: boolean;
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StateRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    explainService: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listFeedback: {
        parameters: {
            query?: {
                /** @description Only feedback with a greater id. */
                after?: number;
                /** @description Default 100. */
                limit?: number;
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                version?: string;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Feedback"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    summariseFeedback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeedbackSummary"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listRevisions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceRevision"][];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    rollback: {
        parameters: {
            query?: {
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. REVISION_NOT_FOUND: The service has no such revision; list them with `lepton-ai services --revisions`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    setServiceState: {
        parameters: {
            query?: {
                /** @description Say what would change and change nothing. */
                dryRun?: boolean;
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StateRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    setTraffic: {
        parameters: {
            query?: {
                /** @description Say what would change and change nothing. */
                dryRun?: boolean;
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrafficRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    update: {
        parameters: {
            query?: {
                /** @description Say what would change and change nothing. */
                dryRun?: boolean;
                /** @description Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description 1 to 128 letters, digits and `. _ + -`, the first a letter or digit. */
                service: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeResult"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SERVICE_NOT_FOUND: No service has this name; list them with `lepton-ai services`. VERSION_NOT_FOUND: The repository or service has no such version; the message lists those it has. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description CONFLICT: Somebody else changed it meanwhile; read it again and repeat. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description PRECONDITION_FAILED: The state does not allow this now; the message says which state would. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN: The platform is stopping and takes no new work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlatformStatus"];
                };
            };
            /** @description INVALID_ARGUMENT: The request is malformed; the message names the field and its value. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description INTERNAL: A fault of ours; the log has the details under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
}
