#!/bin/sh
# Generated from topics.yaml and the stages: see deploy/README.md.
set -e
create() {
  name=$1 partitions=$2
  shift 2
  /opt/kafka/bin/kafka-topics.sh --bootstrap-server "$BOOTSTRAP" --create --if-not-exists --topic "$name" \
    --partitions "$partitions" --replication-factor 1 "$@"
}
create prune-requests 4 --config max.message.bytes=1048576 --config retention.ms=604800000
create prune-requests-dlt 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create accepted-requests 4 --config max.message.bytes=1048576 --config retention.ms=604800000
create accepted-requests-dlt 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create score-tasks 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create score-tasks-dlt 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create score-results 4 --config max.message.bytes=1048576 --config retention.ms=86400000
create score-results-dlt 1 --config max.message.bytes=1048576 --config retention.ms=86400000
create layer-scores 4 --config max.message.bytes=1048576 --config retention.ms=604800000
create layer-scores-dlt 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create prune-tasks 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create prune-tasks-dlt 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create prune-results 4 --config max.message.bytes=1048576 --config retention.ms=86400000
create prune-results-dlt 1 --config max.message.bytes=1048576 --config retention.ms=86400000
create pruned-checkpoints 4 --config max.message.bytes=1048576 --config retention.ms=604800000
create pruned-checkpoints-dlt 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create recover-tasks 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create recover-tasks-dlt 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create recover-results 4 --config max.message.bytes=1048576 --config retention.ms=86400000
create recover-results-dlt 1 --config max.message.bytes=1048576 --config retention.ms=86400000
create evaluation-tasks 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create evaluation-tasks-dlt 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create evaluation-results 4 --config max.message.bytes=1048576 --config retention.ms=86400000
create evaluation-results-dlt 1 --config max.message.bytes=1048576 --config retention.ms=86400000
create evaluations 4 --config max.message.bytes=1048576 --config retention.ms=-1
create job-events 4 --config max.message.bytes=1048576 --config retention.ms=2592000000
create job-commands 4 --config max.message.bytes=1048576 --config retention.ms=604800000
create job-commands-dlt 1 --config max.message.bytes=1048576 --config retention.ms=604800000
create workers 1 --config cleanup.policy="compact,delete" --config max.message.bytes=1048576 --config retention.ms=86400000 --config segment.ms=600000
create worker-commands 1 --config max.message.bytes=1048576 --config retention.ms=86400000
