package io.espalier.model.tensor;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;
import java.util.List;

/** Calls kernels by name. Their results belong to one scope. */
abstract class KernelCalls {
    final Scope scope;

    KernelCalls(Scope scope) {
        this.scope = scope;
    }

    static IValue of(Tensor tensor) {
        return IValue.from(tensor.array());
    }

    static IValue listOf(List<Tensor> tensors) {
        return IValue.listFrom(tensors.stream().map(Tensor::array).toArray(PtNDArray[]::new));
    }

    IValue call(String kernel, IValue... arguments) {
        return Engine.started().run(kernel, arguments);
    }

    Tensor tensor(String kernel, IValue... arguments) {
        try (IValue result = call(kernel, arguments)) {
            return new Tensor(result.toTensor(scope.manager()));
        }
    }

    List<Tensor> tensors(String kernel, IValue... arguments) {
        try (IValue result = call(kernel, arguments)) {
            return Arrays.stream(result.toTensorArray(scope.manager()))
                    .map(Tensor::new)
                    .toList();
        }
    }

    double[] doubles(String kernel, IValue... arguments) {
        try (Tensor result = tensor(kernel, arguments)) {
            return result.doubles();
        }
    }
}
