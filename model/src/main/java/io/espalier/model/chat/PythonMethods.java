package io.espalier.model.chat;

import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.util.ForLoop;
import java.beans.FeatureDescriptor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;
import org.jspecify.annotations.Nullable;

/**
 * Python's methods of strings, which templates call. Other objects than strings, numbers, lists, maps, loops, filters and tests
 * are closed: a template comes with a checkpoint that anybody may have written.
 */
final class PythonMethods extends ELResolver {
    private static final Set<Class<?>> OPEN = Set.of(
            CharSequence.class,
            Number.class,
            Boolean.class,
            Collection.class,
            Map.class,
            ForLoop.class,
            Filter.class,
            ExpTest.class);

    @Override
    public @Nullable Object invoke(
            ELContext context,
            @Nullable Object base,
            Object method,
            Class<?> @Nullable [] types,
            @Nullable Object[] arguments) {
        requireOpen(base);
        if (!(base instanceof CharSequence)) {
            return null;
        }
        context.setPropertyResolved(true);
        return of(base.toString(), method.toString(), List.of(arguments));
    }

    private static Object of(String text, String method, List<Object> arguments) {
        String first = arguments.isEmpty() ? "" : arguments.get(0).toString();
        return switch (method + "/" + arguments.size()) {
            case "startswith/1" -> text.startsWith(first);
            case "endswith/1" -> text.endsWith(first);
            case "strip/0" -> stripped(text);
            case "lstrip/0" -> leading(text, PythonMethods::isSpace);
            case "rstrip/0" -> trailing(text, PythonMethods::isSpace);
            case "strip/1" -> stripped(text, first);
            case "lstrip/1" -> leading(text, c -> first.indexOf(c) >= 0);
            case "rstrip/1" -> trailing(text, c -> first.indexOf(c) >= 0);
            case "split/1" -> split(text, first, -1);
            case "split/2" -> split(text, first, ((Number) arguments.get(1)).intValue());
            case "replace/2" -> replaced(text, first, arguments.get(1).toString());
            case "lower/0" -> text.toLowerCase(Locale.ROOT);
            case "upper/0" -> text.toUpperCase(Locale.ROOT);
            case "title/0" -> title(text);
            case "find/1" -> text.indexOf(first);
            case "count/1" -> count(text, first);
            default ->
                throw new UnsupportedOperationException(
                        "calls %s with %d arguments, which no text has here".formatted(method, arguments.size()));
        };
    }

    /** Without the white space around it, as Python sees it: a no-break space is white too. */
    static String stripped(String text) {
        return leading(trailing(text, PythonMethods::isSpace), PythonMethods::isSpace);
    }

    /** Without the given characters around it. */
    static String stripped(String text, String characters) {
        return leading(trailing(text, c -> characters.indexOf(c) >= 0), c -> characters.indexOf(c) >= 0);
    }

    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    private static String leading(String text, IntPredicate goes) {
        int from = 0;
        while (from < text.length() && goes.test(text.charAt(from))) {
            from++;
        }
        return text.substring(from);
    }

    private static String trailing(String text, IntPredicate goes) {
        int to = text.length();
        while (to > 0 && goes.test(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(0, to);
    }

    /** jinjava bounds what its own operators give, and not this. */
    private static String replaced(String text, String old, String by) {
        long times = old.isEmpty() ? text.length() + 1L : count(text, old);
        if (text.length() + times * (by.length() - old.length()) > ChatTemplate.MAX_CHARS) {
            throw new UnsupportedOperationException("makes a text longer than %,d".formatted(ChatTemplate.MAX_CHARS));
        }
        return text.replace(old, by);
    }

    private static int count(String text, String part) {
        return split(text, part, -1).size() - 1;
    }

    /** @param most how often the text is parted at most; negative: as often as it can be, as in Python */
    private static List<String> split(String text, String separator, int most) {
        if (separator.isEmpty()) {
            throw new UnsupportedOperationException("splits a text at nothing");
        }
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf(separator); at >= 0 && parts.size() != most; at = text.indexOf(separator, from)) {
            parts.add(text.substring(from, at));
            from = at + separator.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static String title(String text) {
        StringBuilder title = new StringBuilder(text.length());
        boolean inWord = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            title.append(inWord ? Character.toLowerCase(c) : Character.toUpperCase(c));
            inWord = Character.isLetter(c);
        }
        return title.toString();
    }

    private static void requireOpen(@Nullable Object base) {
        if (base != null && OPEN.stream().noneMatch(type -> type.isInstance(base))) {
            throw new UnsupportedOperationException("looks into something that is neither text, number, list nor map");
        }
    }

    @Override
    public @Nullable Object getValue(ELContext context, @Nullable Object base, Object property) {
        requireOpen(base);
        return null;
    }

    @Override
    public @Nullable Class<?> getType(ELContext context, Object base, Object property) {
        return null;
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {}

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return true;
    }

    @Override
    public @Nullable Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return null;
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return Object.class;
    }
}
