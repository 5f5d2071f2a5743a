package io.espalier.model.chat;

import com.hubspot.jinjava.interpret.Context;
import io.espalier.model.file.Quoted;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes a template so that jinjava reads it as Jinja2 does, or refuses what it would silently read otherwise. */
final class JinjaSource {
    private static final Pattern TAG = Pattern.compile("\\{[{%].*?[%}]\\}", Pattern.DOTALL);
    private static final Pattern LITERAL = Pattern.compile("'[^']*'|\"[^\"]*\"");
    private static final Pattern FILTER = Pattern.compile("\\|\\s*(\\w+)");
    private static final Pattern STATEMENT = Pattern.compile("\\{%[-+]?\\s*(\\w*).*", Pattern.DOTALL);
    private static final Set<String> STATEMENTS = Set.of(
            "for",
            "endfor",
            "break",
            "continue",
            "if",
            "elif",
            "else",
            "endif",
            "set",
            "endset",
            "macro",
            "endmacro",
            "call",
            "endcall",
            "filter",
            "endfilter",
            "generation",
            "endgeneration");
    private static final Pattern FOR_IF = Pattern.compile("\\{%[-+]?\\s*for\\b.*\\bif\\b.*", Pattern.DOTALL);

    /** {@code f(name=a - 1)}: a named value ends at the first sign. */
    private static final Pattern NAMED = Pattern.compile("([(,]\\s*\\w+\\s*=)([^=,()'\"]*[-+][^=,()'\"]*)(?=[,)])");

    private static final Pattern BACKWARDS = Pattern.compile("([\\w.]+)\\[::-1\\]");

    private static final String OPERAND =
            "(?:'[^']*'|\"[^\"]*\"|[\\w.]+(?:\\[[^\\]]*\\])*(?:\\.\\w+)*)(?:\\s*\\|\\s*\\w+)?";

    /** {@code not a == b}: the negation is of {@code a} alone. */
    private static final Pattern NOT =
            Pattern.compile("\\bnot\\s+(" + OPERAND + "\\s*(?:==|!=|<=|>=|<|>|\\bin\\b)\\s*" + OPERAND + ")");

    private JinjaSource() {}

    /** @throws ChatTemplateException for what would be read otherwise */
    static String of(String template, Context known) throws ChatTemplateException {
        for (Matcher tag = TAG.matcher(template); tag.find(); ) {
            String bare = LITERAL.matcher(tag.group()).replaceAll("''");
            for (Matcher filter = FILTER.matcher(bare); filter.find(); ) {
                if (known.getFilter(filter.group(1)) == null) {
                    throw unknown("the filter " + Quoted.of(filter.group(1)));
                }
            }
            Matcher statement = STATEMENT.matcher(bare);
            if (statement.matches() && !STATEMENTS.contains(statement.group(1))) {
                throw unknown("the statement " + Quoted.of(statement.group(1)));
            }
            if (FOR_IF.matcher(bare).matches()) {
                throw unknown("a loop with a condition");
            }
        }
        String read = TAG.matcher(template).replaceAll(tag -> Matcher.quoteReplacement(readAlike(tag.group())));
        // Jinja2 leaves out the last line break.
        return read.endsWith("\n") ? read.substring(0, read.length() - 1) : read;
    }

    private static String readAlike(String tag) {
        String named = NAMED.matcher(tag).replaceAll("$1($2)");
        String negated = NOT.matcher(named).replaceAll("not ($1)");
        return BACKWARDS.matcher(negated).replaceAll("($1|reverse)");
    }

    private static ChatTemplateException unknown(String what) {
        return new ChatTemplateException("the model's chat template uses %s, which is not known here".formatted(what));
    }
}
