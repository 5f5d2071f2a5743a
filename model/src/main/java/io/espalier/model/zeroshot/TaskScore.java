package io.espalier.model.zeroshot;

import java.util.ArrayList;
import java.util.List;

/**
 * How many questions of a task a model answers right.
 *
 * @param task name of the task
 * @param questions asked
 * @param right of them
 * @param normalizedRight of them, where each log-likelihood is divided by the characters of its answer
 * @param answers how often it gave the first, second … answer
 */
public record TaskScore(ZeroShotTask task, int questions, int right, int normalizedRight, List<Integer> answers) {
    public TaskScore {
        answers = List.copyOf(answers);
    }

    /**
     * @param logLikelihoods per question and choice
     * @return the score of these questions
     */
    public static TaskScore of(ZeroShotTask task, List<Question> questions, double[][] logLikelihoods) {
        int right = 0;
        int normalizedRight = 0;
        List<Integer> answers = new ArrayList<>();
        for (int i = 0; i < logLikelihoods.length; i++) {
            Question question = questions.get(i);
            int answer = question.answer(logLikelihoods[i]);
            int normalized = question.normalizedAnswer(logLikelihoods[i]);
            right += answer == question.right() ? 1 : 0;
            normalizedRight += normalized == question.right() ? 1 : 0;
            count(answers, task.normalized() ? normalized : answer);
        }
        return new TaskScore(task, questions.size(), right, normalizedRight, answers);
    }

    private static void count(List<Integer> answers, int answer) {
        while (answers.size() <= answer) {
            answers.add(0);
        }
        answers.set(answer, answers.get(answer) + 1);
    }

    /** The score of these and other questions of the task together. */
    public TaskScore with(TaskScore other) {
        List<Integer> sum = new ArrayList<>();
        for (int i = 0; i < Math.max(answers.size(), other.answers.size()); i++) {
            sum.add(at(answers, i) + at(other.answers, i));
        }
        return new TaskScore(
                task, questions + other.questions, right + other.right, normalizedRight + other.normalizedRight, sum);
    }

    private static int at(List<Integer> counts, int index) {
        return index < counts.size() ? counts.get(index) : 0;
    }

    /** Share of right answers. */
    public double accuracy() {
        return (double) right / questions;
    }

    /** The same by log-likelihood per character. */
    public double normalizedAccuracy() {
        return (double) normalizedRight / questions;
    }

    /** The accuracy that papers average: normalized where the task has that. */
    public double published() {
        return task.normalized() ? normalizedAccuracy() : accuracy();
    }

    /**
     * Standard error of a share of right answers: their sample standard deviation over the root of their number.
     *
     * @return NaN for a single question
     */
    public double standardError(double share) {
        return Math.sqrt(share * (1 - share) / (questions - 1));
    }
}
