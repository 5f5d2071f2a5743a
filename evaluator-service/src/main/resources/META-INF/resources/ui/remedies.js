/* What to do about a job that failed, by its code: docs/failures.md in a few words. */

export const REMEDIES = {
  INVALID_ARGUMENT: 'Correct the field named and send the request again.',
  MALFORMED_MESSAGE: 'Correct the request and send it under another id.',
  ALREADY_EXISTS: 'Choose another output or another id.',
  NOT_FOUND: 'Look at the list of jobs or workers.',
  MODEL_NOT_FOUND: 'Check the path, and the root of models or texts that the services were given.',
  MODEL_URI_FORBIDDEN: 'Name something inside the root.',
  MODEL_CORRUPT: 'Fetch the checkpoint again.',
  MODEL_UNSUPPORTED: 'Convert the checkpoint to one of the families or types named.',
  INPUT_CHANGED: 'Leave the files alone while a job runs, and send the request under a new id.',
  QUOTA_EXCEEDED: 'Wait, cancel or delete, then send the request under a new id.',
  DISK_FULL: 'Make space where artifacts are written, then send the request under a new id.',
  CANCELLED: 'Send the request under a new id if it is wanted after all.',
  WORKER_LOST: 'Read the logs of the workers; too little memory is the usual cause.',
  INTERNAL: 'Read the stack trace in the log of the worker.',
};
