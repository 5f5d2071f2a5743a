package io.espalier.model.chat;

import com.hubspot.jinjava.interpret.Context;
import io.espalier.model.file.Quoted;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes a template so that jinjava reads it as Jinja2 does, or refuses what it would silently read otherwise. */
final class JinjaSource {
    private static final Pattern LITERAL =
            Pattern.compile("'(?:[^'\\\\]++|\\\\.)*+'|\"(?:[^\"\\\\]++|\\\\.)*+\"", Pattern.DOTALL);

    /** Stands around the number of a literal while a tag is rewritten: what is written in a literal stays. */
    private static final String MARK = "\uE000";

    private static final Pattern MARKED = Pattern.compile(MARK + "(\\d+)" + MARK);
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
    /** Of any other macro jinjava looks for the name for hours. */
    private static final Pattern MACRO =
            Pattern.compile("\\{%[-+]?\\s*+macro\\s++\\w++\\s*+\\([^()]*+\\)\\s*+[-+]?%\\}");

    private static final Pattern FOR_IF = Pattern.compile("\\{%[-+]?\\s*for\\b.*\\bif\\b.*", Pattern.DOTALL);

    // No pattern gives back what it took: a hostile template could make that last for hours.

    /** {@code f(name=a - 1)}: a named value ends at the first sign. */
    private static final Pattern NAMED = Pattern.compile("([(,]\\s*+\\w++\\s*+=)([^=,()]++)(?=[,)])");

    private static final Pattern SIGN = Pattern.compile("[-+]");
    private static final Pattern BACKWARDS = Pattern.compile("(?<![\\w.])([\\w.]++)\\[::-1\\]");

    private static final String OPERAND =
            "(?:" + MARK + "\\d++" + MARK + "|[\\w.]++(?:\\[[^\\]]*+\\])*+(?:\\.\\w++)*+)(?:\\s*+\\|\\s*+\\w++)?+";

    /** {@code not a == b}: the negation is of {@code a} alone. */
    private static final Pattern NOT =
            Pattern.compile("\\bnot\\s++(" + OPERAND + "\\s*+(?:==|!=|<=|>=|<|>|\\bin\\b)\\s*+" + OPERAND + ")");

    private JinjaSource() {}

    /** @throws ChatTemplateException for what would be read otherwise */
    static String of(String template, Context known) throws ChatTemplateException {
        if (template.contains(MARK)) {
            throw unknown("a character of private use");
        }
        StringBuilder read = new StringBuilder(template.length());
        int done = 0;
        for (int from = opening(template, 0); from < template.length(); from = opening(template, done)) {
            char kind = template.charAt(from + 1);
            int end = template.indexOf((kind == '{' ? "}" : Character.toString(kind)) + "}", from + 2);
            int to = end < 0 ? template.length() : end + 2;
            String tag = template.substring(from, to);
            read.append(template, done, from).append(kind == '#' ? tag : readAlike(tag, known));
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
        while (at >= 0 && at + 1 < template.length() && "{%#".indexOf(template.charAt(at + 1)) < 0) {
            at = template.indexOf('{', at + 1);
        }
        return at < 0 || at + 1 >= template.length() ? template.length() : at;
    }

    private static void requireKnown(String bare, Context known) throws ChatTemplateException {
        for (Matcher filter = FILTER.matcher(bare); filter.find(); ) {
            if (known.getFilter(filter.group(1)) == null) {
                throw unknown("the filter " + Quoted.of(filter.group(1)));
            }
        }
        Matcher statement = STATEMENT.matcher(bare);
        if (statement.matches() && !STATEMENTS.contains(statement.group(1))) {
            throw unknown("the statement " + Quoted.of(statement.group(1)));
        }
        if (statement.matches()
                && statement.group(1).equals("macro")
                && !MACRO.matcher(bare).matches()) {
            throw unknown("a macro without a name and parameters");
        }
        if (FOR_IF.matcher(bare).matches()) {
            throw unknown("a loop with a condition");
        }
    }

    private static String readAlike(String tag, Context known) throws ChatTemplateException {
        List<String> literals = new ArrayList<>();
        String bare = LITERAL.matcher(tag).replaceAll(literal -> {
            literals.add(literal.group());
            return MARK + (literals.size() - 1) + MARK;
        });
        requireKnown(bare, known);
        String named = NAMED.matcher(bare)
                .replaceAll(value -> Matcher.quoteReplacement(
                        SIGN.matcher(value.group(2)).find()
                                ? value.group(1) + "(" + value.group(2) + ")"
                                : value.group()));
        String negated = NOT.matcher(named).replaceAll("not ($1)");
        String forwards = BACKWARDS.matcher(negated).replaceAll("($1|reverse)");
        return MARKED.matcher(forwards)
                .replaceAll(mark -> Matcher.quoteReplacement(literals.get(Integer.parseInt(mark.group(1)))));
    }

    private static ChatTemplateException unknown(String what) {
        return new ChatTemplateException("the model's chat template uses %s, which is not known here".formatted(what));
    }
}
