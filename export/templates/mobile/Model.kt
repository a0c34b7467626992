// Written by `zoo export`. Loads $name with LiteRT 2 on Android; README.md beside it says how to add it to an app.
package $package

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Rect
import android.util.Log
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import java.io.Closeable
import java.util.concurrent.CancellationException

/**
 * $name ($task): on the GPU where there is one, otherwise, and once the GPU fails, on the processor.
 *
 * Loading (which runs it once, so that the first picture does not wait) and running take time: use it off the main thread, and
 * close it. One picture is worked on at a time.
 */
class $class_name(private val context: Context, val size: Size = Size.$first) : Closeable {

    /** The exported files. Each takes exactly its size, in pixels, and gives pictures of `outHeight` x `outWidth`. */
    enum class Size(
        val height: Int,
        val width: Int,
        val outHeight: Int,
        val outWidth: Int,
        internal val gpuFile: String?,
        internal val cpuFile: String,
    ) {
$kotlin_sizes
    }

    private class Engine(private val model: CompiledModel, val onGpu: Boolean) : Closeable {
        val inputs = listOf($names).associateWith { model.createInputBuffer(it, SIGNATURE) }
        private val outputs = listOf("$output").associateWith { model.createOutputBuffer(it, SIGNATURE) }

        fun run(): FloatArray {
            model.run(inputs, outputs, SIGNATURE)
            return outputs.getValue("$output").readFloat()
        }

        override fun close() {
            (inputs.values + outputs.values).forEach { it.close() }
            model.close()
        }
    }

    private var engine = start()

    /** Whether the GPU computes; false from when it failed. */
    val onGpu: Boolean
        get() = engine.onGpu

    /**
$kotlin_docs
     * @param cancelled is asked before and after the computation, which itself cannot be stopped.
     * @throws CancellationException when it says so.
     */
    @Synchronized
    fun run($kotlin_parameters): Bitmap {
$kotlin_checks        val place = $kotlin_place
        fun answer(inputs: Map<String, TensorBuffer>): FloatArray {
$kotlin_body
            if (cancelled()) throw CancellationException()
            return engine.run()
        }
        val values = try {
            answer(engine.inputs)
        } catch (error: LiteRtException) {
            if (!engine.onGpu) throw error
            Log.w("$class_name", "The GPU failed; the processor goes on.", error)
            engine.close()
            engine = onProcessor()
            answer(engine.inputs)
        }
        if (cancelled()) throw CancellationException()
        val whole = bitmap(values, size.outHeight, size.outWidth)
        val across = size.outWidth / size.width.toFloat()
        val down = size.outHeight / size.height.toFloat()
        val left = (place.left * across).toInt()
        val top = (place.top * down).toInt()
        return Bitmap.createBitmap(whole, left, top, (place.width() * across).toInt(), (place.height() * down).toInt())
    }

    @Synchronized
    override fun close() = engine.close()

    private fun start(): Engine {
        if (size.gpuFile != null) {
            var engine: Engine? = null
            try {
                val options = CompiledModel.Options(Accelerator.GPU)
                engine = Engine(CompiledModel.create(context.assets, size.gpuFile, options), onGpu = true)
                engine.run()
                return engine
            } catch (error: LiteRtException) {
                engine?.close()
                Log.w("$class_name", "This phone's GPU does not take it; the processor does.", error)
            }
        }
        return onProcessor().also { it.run() }
    }

    private fun onProcessor(): Engine {
        val options = CompiledModel.Options(Accelerator.CPU)
        return Engine(CompiledModel.create(context.assets, size.cpuFile, options), onGpu = false)
    }

    companion object {
        private const val SIGNATURE = "serving_default"
        private const val OUT_CHANNELS = $out_channels
$kotlin_helpers
        /** Values in [0, 1], row by row, as an opaque bitmap. */
        private fun bitmap(values: FloatArray, height: Int, width: Int): Bitmap {
            fun byte(value: Float) = (value.coerceIn(0f, 1f) * 255f + 0.5f).toInt()
            val colors = IntArray(height * width) { at ->
                val red = byte(values[at * OUT_CHANNELS])
                val green = if (OUT_CHANNELS == 1) red else byte(values[at * OUT_CHANNELS + 1])
                val blue = if (OUT_CHANNELS == 1) red else byte(values[at * OUT_CHANNELS + 2])
                (255 shl 24) or (red shl 16) or (green shl 8) or blue
            }
            return Bitmap.createBitmap(colors, width, height, Bitmap.Config.ARGB_8888)
        }
    }
}
