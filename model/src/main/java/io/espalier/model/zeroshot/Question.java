package io.espalier.model.zeroshot;

import java.util.List;

/**
 * One document of a task.
 *
 * @param choices at least two
 * @param right index of the right one
 */
public record Question(List<Choice> choices, int right) {
    public Question {
        choices = List.copyOf(choices);
    }

    static Question behind(String context, List<String> answers, int right) {
        return new Question(
                answers.stream().map(answer -> Choice.behind(context, answer)).toList(), right);
    }

    /** Characters of all choices with their contexts. */
    long chars() {
        return choices.stream()
                .mapToLong(choice ->
                        choice.context().length() + choice.continuation().length())
                .sum();
    }

    /**
     * What a model answers.
     *
     * @param logLikelihoods per choice, in nats
     * @return index of the most likely one, of equal ones the first
     */
    public int answer(double[] logLikelihoods) {
        return largest(logLikelihoods);
    }

    /** The same with each log-likelihood divided by the characters of its answer. */
    public int normalizedAnswer(double[] logLikelihoods) {
        double[] perCharacter = new double[logLikelihoods.length];
        for (int i = 0; i < perCharacter.length; i++) {
            perCharacter[i] = logLikelihoods[i] / choices.get(i).characters();
        }
        return largest(perCharacter);
    }

    private static int largest(double[] values) {
        int largest = 0;
        for (int i = 1; i < values.length; i++) {
            largest = values[i] > values[largest] ? i : largest;
        }
        return largest;
    }
}
