package io.espalier.evaluator.web;

import io.espalier.evaluator.report.ReportWork;
import io.smallrye.common.annotation.NonBlocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** What of the page is no file in {@code META-INF/resources/ui}. */
@Path("/")
public class PageResource {
    @GET
    @NonBlocking
    @Operation(hidden = true)
    public Response home() {
        // Relative, since a proxy may speak TLS for this service.
        return Response.status(Response.Status.SEE_OTHER)
                .header(HttpHeaders.LOCATION, "/ui/")
                .build();
    }

    /** The library that draws the charts of reports draws those of the page too. */
    @GET
    @Path("ui/echarts.min.js")
    @Produces("text/javascript;charset=utf-8")
    @Operation(hidden = true)
    public Response charts() {
        InputStream file = ReportWork.class.getResourceAsStream("echarts.min.js");
        if (file == null) {
            throw new NotFoundException("echarts.min.js is not in the jar of the evaluator");
        }
        return Response.ok(file).build();
    }
}
