package io.espalier.model.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.transformer.LayerScope;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OffspringTest {
    private Checkpoint checkpoint;
    private PrunedTensors tensors;
    private List<LayerShape> uniform;
    private Offspring offspring;

    @BeforeEach
    void openModel() {
        checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA);
        tensors = new PrunedTensors(checkpoint, Compensation.NONE);
        List<LayerShape> dense = checkpoint.config().layers();
        uniform = new UniformAllocation(new UnitRounding(1))
                .shapes(dense, new LayerScope(0, dense.size()), Map.of())
                .apply(0.5);
        offspring = new Offspring(CheapestShapesTest.prices(dense), uniform, tensors);
    }

    @AfterEach
    void closeModel() {
        checkpoint.close();
    }

    @Test
    void neighboursDifferFromTheirParentAndKeepTheBudget() {
        // When
        List<List<LayerShape>> found = offspring.of(uniform, 50, 1);

        // Then
        assertThat(found).hasSize(50).allSatisfy(shapes -> assertThat(tensors.parameters(shapes))
                .isLessThanOrEqualTo(tensors.parameters(uniform)));
        assertThat(found.stream().distinct().count()).isGreaterThan(10);
        assertThat(found.stream().filter(uniform::equals).count()).isLessThan(5);
    }

    @Test
    void oneSeedGivesTheSameNeighbours() {
        // When
        List<List<LayerShape>> again = offspring.of(uniform, 8, 1);

        // Then
        assertThat(again).isEqualTo(offspring.of(uniform, 8, 1)).isNotEqualTo(offspring.of(uniform, 8, 2));
    }
}
