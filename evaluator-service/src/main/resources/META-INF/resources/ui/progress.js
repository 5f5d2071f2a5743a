/* What the events of a job say of its progress. */

import { number, plain, seconds, figure } from './dom.js';

export const STAGES = ['scorer', 'pruner', 'recoverer', 'evaluator'];
export const RUNNING = ['SCORING', 'PRUNING', 'RECOVERING', 'EVALUATING'];
export const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED'];

/** Tasks of an activity run at the same time and tell their progress separately; all count as equally large. */
class Meter {
  constructor(activity, at) {
    this.activity = activity;
    this.startedAt = at;
    this.perTask = 0;
    this.unit = 'tasks';
    this.open = new Map();
    this.done = 0;
    this.total = 0;
    this.speed = 0;
    this.elapsed = 0;
  }

  hear(progress, at) {
    const id = progress.task_id || '';
    if (progress.task) {
      this.open.set(id, progress.task);
      this.perTask = Math.max(this.perTask, number(progress.task.total));
      if (number(progress.task.total) > 0) this.unit = progress.task.unit || 'tasks';
    } else {
      this.open.delete(id);
    }
    const sum = what => [...this.open.values()].reduce((all, task) => all + number(task[what]), 0);
    const each = Math.max(1, this.perTask);
    this.total = number(progress.tasks_total) * each;
    this.done = Math.min(this.total, number(progress.tasks_done) * each + (this.perTask ? sum('done') : 0));
    this.speed = sum('tokens_per_second');
    this.elapsed = (at - this.startedAt) / 1000;
  }

  line() {
    const left = this.done > 0 && this.done < this.total ? this.elapsed * (this.total - this.done) / this.done : 0;
    return `${plain(this.activity)} ${figure(this.done)}/${figure(this.total)} ${plain(this.unit)}`
      + (this.speed ? `, ${figure(this.speed)} tokens/s` : '') + (left ? `, ${seconds(left)} left` : '');
  }
}

/** A job as its events tell it. */
export class Course {
  constructor() {
    this.stages = new Map(STAGES.map(stage => [stage, { state: 'waits', meter: null }]));
    this.stage = '';
    this.outputs = [];
    this.accepted = null;
    this.end = null;
  }

  hear(event) {
    const at = Date.parse(event.at);
    const stage = this.stages.get(event.stage);
    if (event.accepted) this.accepted = { ...event.accepted, at: event.at };
    if (event.artifact_committed) this.outputs.push(event.artifact_committed.output);
    if (stage && (event.stage_started || event.progress)) {
      stage.state = 'works';
      this.stage = event.stage;
    }
    if (stage && event.stage_started) stage.meter = null;
    if (stage && event.progress) {
      if (!stage.meter || stage.meter.activity !== event.progress.activity) {
        stage.meter = new Meter(event.progress.activity || '', at);
      }
      stage.meter.hear(event.progress, at);
    }
    if (stage && event.stage_finished) stage.state = 'done';
    if (event.completed || event.failed || event.cancelled) {
      this.end = event;
      if (stage) stage.state = event.completed ? 'done' : event.failed ? 'failed' : 'stopped';
    }
  }

  /** Of the stage that works. */
  meter() {
    return this.stage ? this.stages.get(this.stage).meter : null;
  }

  state() {
    if (this.end) return this.end.completed ? 'COMPLETED' : this.end.failed ? 'FAILED' : 'CANCELLED';
    const at = STAGES.indexOf(this.stage);
    return at < 0 ? 'ACCEPTED' : ['SCORING', 'PRUNING', 'RECOVERING', 'EVALUATING'][at];
  }
}
