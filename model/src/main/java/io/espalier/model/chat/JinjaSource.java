package io.espalier.model.chat;

import com.hubspot.jinjava.interpret.Context;
import io.espalier.model.file.Quoted;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes a template so that jinjava reads it as Jinja2 does, or refuses what it would silently read otherwise. */
final class JinjaSource {
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

    // No pattern gives back what it took: a hostile template could make that last for hours.

    /** {@code f(name=a - 1)}: a named value ends at the first sign. */
    private static final Pattern NAMED = Pattern.compile("([(,]\\s*+\\w++\\s*+=)([^=,()'\"]++)(?=[,)])");

    private static final Pattern SIGN = Pattern.compile("[-+]");
    private static final Pattern BACKWARDS = Pattern.compile("(?<![\\w.])([\\w.]++)\\[::-1\\]");

    private static final String OPERAND =
            "(?:'[^']*+'|\"[^\"]*+\"|[\\w.]++(?:\\[[^\\]]*+\\])*+(?:\\.\\w++)*+)(?:\\s*+\\|\\s*+\\w++)?+";

    /** {@code not a == b}: the negation is of {@code a} alone. */
    private static final Pattern NOT =
            Pattern.compile("\\bnot\\s++(" + OPERAND + "\\s*+(?:==|!=|<=|>=|<|>|\\bin\\b)\\s*+" + OPERAND + ")");

    private JinjaSource() {}

    /** @throws ChatTemplateException for what would be read otherwise */
    static String of(String template, Context known) throws ChatTemplateException {
        StringBuilder read = new StringBuilder(template.length());
        int done = 0;
        for (int from = opening(template, 0); from < template.length(); from = opening(template, done)) {
            int end = template.indexOf(template.charAt(from + 1) == '{' ? "}}" : "%}", from);
            int to = end < 0 ? template.length() : end + 2;
            String tag = template.substring(from, to);
            requireKnown(tag, known);
            read.append(template, done, from).append(readAlike(tag));
            done = to;
        }
        read.append(template, done, template.length());
        // Jinja2 leaves out the last line break.
        if (read.length() > 0 && read.charAt(read.length() - 1) == '\n') {
            read.setLength(read.length() - 1);
        }
        return read.toString();
    }

    /** Where the next tag opens; the end where none does. */
    private static int opening(String template, int from) {
        int at = template.indexOf('{', from);
        while (at >= 0 && at + 1 < template.length() && "{%".indexOf(template.charAt(at + 1)) < 0) {
            at = template.indexOf('{', at + 1);
        }
        return at < 0 || at + 1 >= template.length() ? template.length() : at;
    }

    private static void requireKnown(String tag, Context known) throws ChatTemplateException {
        String bare = LITERAL.matcher(tag).replaceAll("''");
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

    private static String readAlike(String tag) {
        String named = NAMED.matcher(tag)
                .replaceAll(value -> Matcher.quoteReplacement(
                        SIGN.matcher(value.group(2)).find()
                                ? value.group(1) + "(" + value.group(2) + ")"
                                : value.group()));
        String negated = NOT.matcher(named).replaceAll("not ($1)");
        return BACKWARDS.matcher(negated).replaceAll("($1|reverse)");
    }

    private static ChatTemplateException unknown(String what) {
        return new ChatTemplateException("the model's chat template uses %s, which is not known here".formatted(what));
    }
}
