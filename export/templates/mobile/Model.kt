// Written by `zoo export`. Loads $name with LiteRT 2 on Android; README.md beside it says how to add it to an app.
package $package

import android.content.Context
import android.graphics.Bitmap
import android.util.Log
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import java.io.Closeable

/**
 * $name ($task): on the GPU where there is one, otherwise on the processor.
 *
 * Loading and running take time: use it off the main thread, one thread at a time, and close it.
 */
class $class_name(context: Context, val size: Size = Size.$first) : Closeable {

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

    private val model = load(context, size)
    private val inputs = listOf($names).associateWith { model.createInputBuffer(it, SIGNATURE) }
    private val outputs = listOf("$output").associateWith { model.createOutputBuffer(it, SIGNATURE) }

    /**
$kotlin_docs
     */
    fun run($kotlin_parameters): Bitmap {
$kotlin_body
        model.run(inputs, outputs, SIGNATURE)
        return bitmap(outputs.getValue("$output").readFloat(), size.outHeight, size.outWidth)
    }

    override fun close() {
        (inputs.values + outputs.values).forEach { it.close() }
        model.close()
    }

    companion object {
        private const val SIGNATURE = "serving_default"
        private const val OUT_CHANNELS = $out_channels

        private fun load(context: Context, size: Size): CompiledModel {
            if (size.gpuFile != null) {
                try {
                    return CompiledModel.create(context.assets, size.gpuFile, CompiledModel.Options(Accelerator.GPU))
                } catch (error: LiteRtException) {
                    Log.w("$class_name", "This phone's GPU does not take it; the processor does.", error)
                }
            }
            return CompiledModel.create(context.assets, size.cpuFile, CompiledModel.Options(Accelerator.CPU))
        }
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
