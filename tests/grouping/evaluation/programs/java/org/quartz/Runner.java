package org.quartz;

import java.lang.reflect.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.*;
import com.example.shop.*;
import net.sf.cglib.proxy.*;

/** Runner WAY FIELD VALUE ...: WAY is plain, pool, future or proxy. Prints exceptions as lines of fields. */
public class Runner {
    public static void main(String[] arguments) throws Exception {
        Basket basket = new Basket();
        for (int i = 1; i < arguments.length; i += 2) {
            Field field = Basket.class.getDeclaredField(arguments[i]);
            field.set(basket, field.getType() == int.class ? (Object) Integer.valueOf(arguments[i + 1]) : arguments[i + 1]);
        }
        Views views = new Views();
        if (arguments[0].equals("proxy")) views.orders = (Orders) Enhancer.create(Orders.class, (MethodInterceptor) (self, method, values, proxy) -> proxy.invokeSuper(self, values));
        Map<String, Consumer<Basket>> all = new LinkedHashMap<>(views.all);
        if (arguments[0].equals("plain")) all.putAll(views.hard);
        for (Map.Entry<String, Consumer<Basket>> view : all.entrySet()) {
            try {
                call(arguments[0], view.getValue(), basket);
            } catch (Throwable error) {
                tell(view.getKey(), error);
            }
        }
    }

    static void call(String way, Consumer<Basket> view, Basket basket) throws Exception {
        switch (way) {
            case "pool" -> {
                ExecutorService pool = Executors.newFixedThreadPool(1);
                try { pool.submit(() -> view.accept(basket)).get(); } finally { pool.shutdown(); }
            }
            case "future" -> CompletableFuture.runAsync(() -> view.accept(basket)).get();
            default -> Consumer.class.getMethod("accept", Object.class).invoke(view, basket);
        }
    }

    static void tell(String bug, Throwable error) {
        System.out.println("bug\t" + bug);
        for (; error != null; error = error.getCause()) {
            System.out.println("exception\t" + error.getClass().getName() + "\t" + error.getMessage());
            for (StackTraceElement call : error.getStackTrace())
                System.out.println("call\t" + call.getClassName() + "\t" + call.getMethodName() + "\t" + call.getFileName() + "\t" + call.getLineNumber());
        }
    }
}
