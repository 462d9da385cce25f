// Program WAY FIELD VALUE ...: WAY is plain, task or async. Prints exceptions as lines of fields.
using System;
using Shop;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;

namespace Runner
{
    public static class Program
    {
        public static void Main(string[] arguments)
        {
            var basket = new Basket();
            for (var i = 1; i < arguments.Length; i += 2)
            {
                var field = typeof(Basket).GetField(arguments[i]);
                field.SetValue(basket, Convert.ChangeType(arguments[i + 1], field.FieldType));
            }
            var views = new Views();
            foreach (var name in arguments[0] == "plain" ? Views.Actions.Concat(Views.HardActions) : Views.Actions)
            {
                try { Call(arguments[0], views, name, basket).Wait(); }
                catch (Exception error)
                {
                    // Wait() itself wraps what Call throws; Task.Run, await and reflection wrap it as they do anywhere.
                    if (error is AggregateException waited) error = waited.InnerException;
                    Console.WriteLine("bug\t" + name);
                    Tell(error);
                }
            }
        }

        static async Task Call(string way, Views views, string name, Basket basket)
        {
            if (way == "task") await Task.Run(() => views.Handle(name, basket));
            else if (way == "async" && Views.AsynchronousActions.Contains(name)) await views.HandleAsync(name, basket);
            else views.Handle(name, basket);
        }

        static void Tell(Exception error)
        {
            Console.WriteLine("exception\t" + error.GetType().FullName + "\t" + error.Message.Replace("\n", " "));
            foreach (var call in new StackTrace(error, true).GetFrames() ?? new StackFrame[0])
            {
                var method = call.GetMethod();
                if (method == null) continue;
                var parameters = string.Join(", ", method.GetParameters().Select(one => Name(one.ParameterType) + " " + one.Name));
                var returned = method is MethodInfo info ? Name(info.ReturnType) : "";
                Console.WriteLine(string.Join("\t", "call", method.DeclaringType?.FullName, method.Name, parameters, returned, method.DeclaringType?.Assembly.GetName().Name, call.GetFileName(), call.GetFileLineNumber()));
            }
            if (error is AggregateException several)
                foreach (var inner in several.InnerExceptions) { Console.WriteLine("member"); Tell(inner); }
            else if (error.InnerException != null) { Console.WriteLine("cause"); Tell(error.InnerException); }
        }

        static string Name(Type type)
        {
            if (type == typeof(void)) return "void";
            if (type == typeof(int)) return "int";
            if (type == typeof(string)) return "string";
            if (type == typeof(bool)) return "bool";
            return type.IsGenericType ? type.Name.Split('`')[0] + "<" + string.Join(", ", type.GetGenericArguments().Select(Name)) + ">" : type.Name;
        }
    }
}
