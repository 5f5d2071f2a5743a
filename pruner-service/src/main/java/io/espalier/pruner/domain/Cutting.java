package io.espalier.pruner.domain;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.pruning.LayerRepair;
import io.espalier.model.sparsity.MaskReport;
import java.util.List;
import java.util.OptionalDouble;

/** One way to make a smaller checkpoint out of a dense one; what it needs to know is decided when it is made. */
interface Cutting {
    /** Every tensor that will be written. */
    List<TensorInfo> tensors();

    WrittenConfig config();

    /** Shape of each layer that is left. */
    List<LayerShape> shapes();

    /** Writes every tensor of {@link #tensors()}; the same inputs give the same bytes. */
    Cut write(CheckpointWriter out, Progress progress);

    /**
     * What was done.
     *
     * @param repairs of the layers that lost units
     * @param masks of the linear layers in which weights became zero
     * @param damping ridge their Hessians needed over the one asked for, the largest; empty where there were none
     * @param keptLayers index each layer had in the dense model; empty unless whole layers went
     */
    record Cut(List<LayerRepair> repairs, List<MaskReport> masks, OptionalDouble damping, List<Integer> keptLayers) {
        public Cut {
            repairs = List.copyOf(repairs);
            masks = List.copyOf(masks);
            keptLayers = List.copyOf(keptLayers);
        }
    }
}
