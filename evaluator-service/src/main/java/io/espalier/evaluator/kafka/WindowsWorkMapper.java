package io.espalier.evaluator.kafka;

import io.espalier.base.Progress;
import io.espalier.evaluator.domain.WindowsWork;
import io.espalier.job.InspectionMapper;
import io.espalier.job.RequestMapper;
import io.espalier.job.Workspace;
import io.espalier.model.evaluation.SummedLoss;
import io.espalier.model.evaluation.TextProtocol;
import io.espalier.v1.ModelLoss;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import io.espalier.v1.WindowsMeasured;
import java.util.List;

/** {@link WindowsWork} on the wire. */
record WindowsWorkMapper(WindowsWork work) {
    static WindowsWorkMapper in(Workspace workspace, String codeVersion) {
        return new WindowsWorkMapper(new WindowsWork(workspace, codeVersion));
    }

    TaskResult.Builder run(Task task, Progress progress) {
        io.espalier.v1.WindowsWork windows = task.getEvaluate().getWindows();
        List<SummedLoss> sums = work.measure(
                RequestMapper.toSpec(task.getJobId(), task.getRequest()),
                InspectionMapper.fromWire(task.getInputs()),
                EvaluationMapper.all(task.getEvaluate().getCheckpoint()),
                new WindowsWork.Slice(windows.getText(), windows.getFirstWindow(), windows.getLastWindow()),
                progress);
        boolean compared = windows.getText() == 0
                || !task.getInputs()
                        .getTexts(windows.getText() - 1)
                        .getProtocol()
                        .equals(TextProtocol.WIKITEXT);
        WindowsMeasured.Builder measured =
                WindowsMeasured.newBuilder().setPredictions(sums.get(0).predictions());
        for (int i = 0; i < sums.size(); i++) {
            ModelLoss.Builder model =
                    measured.addModelsBuilder().setLoss(sums.get(i).loss());
            if (compared && i > 0) {
                model.setDivergence(sums.get(i).divergence())
                        .setAgreeing(sums.get(i).agreeing());
            }
        }
        return TaskResult.newBuilder().setWindowsMeasured(measured);
    }
}
