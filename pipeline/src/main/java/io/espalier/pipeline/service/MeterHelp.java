package io.espalier.pipeline.service;

import io.espalier.pipeline.telemetry.MetricNames;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.inject.Singleton;

/** Gives every metric of ours its help text, whoever registers it. Quarkus applies every filter that is a bean. */
@Singleton
public class MeterHelp implements MeterFilter {
    @Override
    public Meter.Id map(Meter.Id id) {
        String help = MetricNames.HELP.get(id.getName());
        return help == null
                ? id
                : new Meter.Id(id.getName(), Tags.of(id.getTagsAsIterable()), id.getBaseUnit(), help, id.getType());
    }
}
