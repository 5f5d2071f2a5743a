package io.espalier.evaluator.kafka;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.model.checkpoint.Digests;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.StageName;
import io.espalier.pipeline.stage.Step;
import io.espalier.v1.EvaluateWork;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/** A pruned checkpoint in, its evaluation out. One task: dense and pruned are only comparable when measured together. */
@Singleton
public class EvaluatorStage implements Stage {
    @Override
    public StageName name() {
        return StageName.EVALUATOR;
    }

    @Override
    public Message inputType() {
        return PrunedCheckpoint.getDefaultInstance();
    }

    @Override
    public Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException {
        PrunedCheckpoint.parseFrom(value);
        return Optional.of(new Input.Start(ByteString.copyFrom(value), Digests.sha256(value)));
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        if (!waves.isEmpty()) {
            return new Step.Complete(waves.get(0).get(0).getEvaluated());
        }
        PrunedCheckpoint checkpoint = checkpoint(input);
        return new Step.Run(
                "evaluate",
                null,
                List.of(Task.newBuilder()
                        .setJobId(checkpoint.getJobId())
                        .setTaskId("evaluate")
                        .setRequest(checkpoint.getRequest())
                        .setInputs(checkpoint.getInputs())
                        .setEvaluate(EvaluateWork.newBuilder().setCheckpoint(checkpoint))
                        .build()));
    }

    private static PrunedCheckpoint checkpoint(Input.Start input) {
        try {
            return PrunedCheckpoint.parseFrom(input.payload());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the input was parsed before", e);
        }
    }
}
