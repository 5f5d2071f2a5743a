package io.espalier.model.importance;

import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;

/** Receives what a backward pass finds of the linear layers in one half of a decoder layer, one chunk after the other. */
public interface GradientSink extends AutoCloseable {
    /**
     * Receives one application of a linear layer. The tensors are freed after the call.
     *
     * @param input the input X of some samples, [b, t, in]
     * @param upstream the gradient dY of the mean loss over all samples with respect to the output, [b, t, out]
     */
    void add(Linear linear, Tensor input, Tensor upstream);

    @Override
    void close();
}
